import CSVStreaming
import Glibc

/// What a field of a CSV file says.
enum MetaKaggleField<Value> {
    /// Nothing.
    case empty
    case value(Value)
    /// Something that is not of this kind.
    case unusable
}

extension MetaKaggleField: Equatable where Value: Equatable {}

extension CSVReader {
    /// A number from 0 to 2⁵³; whole numbers may be written as floating point.
    func number(_ column: Int?) -> MetaKaggleField<Int64> {
        guard let column else { return .empty }
        return withBytes(of: column) { MetaKaggleField(number: $0) }
    }

    /// An identifier: a number from 0 to 2³² − 1.
    func identifier(_ column: Int?) -> MetaKaggleField<UInt32> {
        switch number(column) {
        case .empty: .empty
        case .value(let number): UInt32(exactly: number).map { .value($0) } ?? .unusable
        case .unusable: .unusable
        }
    }

    /// The seconds from the year 1970 to a date such as `12/31/2024 23:59:59`, or its day alone, taken as UTC.
    func date(_ column: Int?) -> MetaKaggleField<Int64> {
        guard let column else { return .empty }
        return withBytes(of: column) { MetaKaggleField(date: $0) }
    }
}

// MARK: - Numbers

extension MetaKaggleField<Int64> {
    init(number bytes: Span<UInt8>) {
        guard bytes.count > 0 else {
            self = .empty
            return
        }
        let number = digits(bytes, 0..<bytes.count) ?? wholeFloat(bytes)
        self = number.flatMap { $0 <= 1 << 53 ? .value($0) : nil } ?? .unusable
    }
}

/// The number that up to 18 digits and nothing else make.
private func digits(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int64? {
    guard !range.isEmpty, range.count <= 18 else { return nil }
    var number: Int64 = 0
    for index in range {
        let digit = bytes[index] &- UInt8(ascii: "0")
        guard digit <= 9 else { return nil }
        number = number * 10 + Int64(digit)
    }
    return number
}

/// The whole number that a floating-point one such as `12.0` or `1.2e+3` is.
private func wholeFloat(_ bytes: Span<UInt8>) -> Int64? {
    guard bytes.count <= 32 else { return nil }
    var text = ""
    for index in bytes.indices {
        let character = Character(Unicode.Scalar(bytes[index]))
        // Neither a sign, nor what Swift also takes for a number: `inf`, `nan`, hexadecimal digits.
        guard character.isASCII, character.isNumber || ".eE+-".contains(character) else { return nil }
        text.append(character)
    }
    return Double(text).flatMap { $0.sign == .plus ? Int64(exactly: $0) : nil }
}

// MARK: - Dates

extension MetaKaggleField<Int64> {
    init(date bytes: Span<UInt8>) {
        guard bytes.count > 0 else {
            self = .empty
            return
        }
        // 1 January 2000 to tomorrow: what is outside is a slip of somebody's.
        let known = 946_684_800...Int64(time(nil)) + 86_400
        self = seconds(bytes).flatMap { known.contains($0) ? .value($0) : nil } ?? .unusable
    }
}

private func seconds(_ bytes: Span<UInt8>) -> Int64? {
    guard bytes.count == 10 || bytes.count == 19, has("/", bytes, at: 2), has("/", bytes, at: 5),
        let month = digits(bytes, 0..<2), let day = digits(bytes, 3..<5), let year = digits(bytes, 6..<10),
        (1...12).contains(month), (1...dayCount(month: month, year: year)).contains(day)
    else { return nil }
    let midnight = dayNumber(year, month, day) * 86_400
    guard bytes.count == 19 else { return midnight }
    guard has(" ", bytes, at: 10), has(":", bytes, at: 13), has(":", bytes, at: 16),
        let hour = digits(bytes, 11..<13), let minute = digits(bytes, 14..<16), let second = digits(bytes, 17..<19),
        hour < 24, minute < 60, second < 60
    else { return nil }
    return midnight + hour * 3_600 + minute * 60 + second
}

private func has(_ character: Unicode.Scalar, _ bytes: Span<UInt8>, at index: Int) -> Bool {
    bytes[index] == UInt8(ascii: character)
}

private func dayCount(month: Int64, year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

/// Days since 1 January 1970 in the Gregorian calendar.
///
/// Years are counted from March, so that a leap day is the last one.
private func dayNumber(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let marchYear = month > 2 ? year : year - 1
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 719_468
}
