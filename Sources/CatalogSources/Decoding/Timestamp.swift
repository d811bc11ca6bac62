import FoundationEssentials

/// Reads the times of the sources, by RFC 3339 with their liberties.
enum Timestamp {
    /// The beginning of 2000, before which no dataset of the sources was made.
    static let earliest = Date(timeIntervalSince1970: 946_684_800)

    /// A time with 0 to 9 digits of a second's fraction, and `Z`, an offset or nothing, which means UTC, at its end.
    static func date(_ text: String) -> Date? {
        var digits = Digits(text.utf8[...])
        guard let year = digits.number(4), digits.skip("-"), let month = digits.number(2), digits.skip("-"),
            let day = digits.number(2), digits.skip("T", "t", " "),
            let hour = digits.number(2), digits.skip(":"), let minute = digits.number(2), digits.skip(":"),
            let second = digits.number(2), let fraction = digits.fraction(), let offset = digits.offset()
        else { return nil }
        // 60 is a leap second.
        guard 1...12 ~= month, 1...length(ofMonth: month, year: year) ~= day, hour < 24, minute < 60, second <= 60
        else { return nil }
        let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second
        return Date(timeIntervalSince1970: Double(seconds) + fraction)
    }

    private static func length(ofMonth month: Int, year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    /// The days since 1970 in the Gregorian calendar.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let before = year - 1
        let leapDays = before / 4 - before / 100 + before / 400
        let months = (1..<month).reduce(0) { $0 + length(ofMonth: $1, year: year) }
        // 719,162 days lie between the years 1 and 1970.
        return before * 365 + leapDays + months + day - 1 - 719_162
    }
}

/// The rest of a time's text.
private struct Digits {
    private var rest: Substring.UTF8View.SubSequence

    init(_ text: Substring.UTF8View.SubSequence) {
        rest = text
    }

    mutating func number(_ count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(Self.isDigit) else { return nil }
        rest = rest.dropFirst(count)
        return Int(Substring(digits))
    }

    mutating func skip(_ characters: Unicode.Scalar...) -> Bool {
        guard let byte = rest.first, characters.contains(Unicode.Scalar(byte)) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// The fraction of a second, 0 if there is none.
    mutating func fraction() -> Double? {
        guard skip(".") else { return 0 }
        let digits = rest.prefix(while: Self.isDigit)
        rest = rest.dropFirst(digits.count)
        guard digits.count <= 9 else { return nil }
        return digits.isEmpty ? 0 : Double("0." + Substring(digits))
    }

    /// The offset from UTC in minutes, which ends the text.
    mutating func offset() -> Int? {
        guard !rest.isEmpty else { return 0 }
        if skip("Z", "z") { return rest.isEmpty ? 0 : nil }
        let isNegative = rest.first == UInt8(ascii: "-")
        guard skip("+", "-"), let hours = number(2), hours < 24 else { return nil }
        _ = skip(":")
        guard let minutes = number(2), minutes < 60, rest.isEmpty else { return nil }
        return (hours * 60 + minutes) * (isNegative ? -1 : 1)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }
}
