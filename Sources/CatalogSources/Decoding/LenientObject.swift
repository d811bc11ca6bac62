import FoundationEssentials

/// A JSON object whose values are read in every type that sources are known to write them in.
///
/// A value that is missing or null is `nil`; one that cannot be read is `nil` too, and counted. The interfaces have no
/// promise of types, and one odd value must not cost its item.
struct LenientObject {
    /// A member's name.
    struct Member: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// 2⁵³, up to which every reader of JSON agrees on integers.
    private static let maximumCount = 1 << 53 as Int64

    private let container: KeyedDecodingContainer<Member>
    /// The latest time that a date may have.
    private let latest: Date
    /// What was wrong with the values read so far.
    private(set) var faults: [ItemFault] = []

    init(_ decoder: any Decoder) throws {
        container = try decoder.container(keyedBy: Member.self)
        latest = CodingUserInfoKey.latestDate.flatMap { decoder.userInfo[$0] as? Date } ?? .distantFuture
    }

    // MARK: - Values

    /// Whether there is a member of a name, null or not.
    func tells(_ name: String) -> Bool {
        container.contains(Member(stringValue: name))
    }

    /// A text, or an integer as text: YAML makes numbers of some.
    mutating func text(_ names: String...) -> String? {
        first(names, or: .type) { container, member in
            if let text = try? container.decode(String.self, forKey: member) { return text }
            return (try? container.decode(Int64.self, forKey: member)).map(String.init)
        }
    }

    /// An identifier of 1 to 100 ASCII letters, digits and `-._~`.
    mutating func identifier(_ names: String...) -> String? {
        first(names, or: .type) { container, member in
            guard let text = try? container.decode(String.self, forKey: member), 1...100 ~= text.utf8.count,
                text.utf8.allSatisfy(DatasetReference.isUnreserved)
            else { return nil }
            return text
        }
    }

    /// An integer from 0 to 2⁵³, also written as an integral float or as digits in a text.
    mutating func count(_ names: String...) -> Int64? {
        first(names, or: .number) { container, member in
            guard let count = Self.integer(container, member), 0...Self.maximumCount ~= count else { return nil }
            return count
        }
    }

    /// A number from 0 to 1, also written as one of up to 10 on the scale to 10.
    mutating func fraction(_ names: String...) -> Double? {
        first(names, or: .number) { container, member in
            let text = try? container.decode(String.self, forKey: member)
            guard let number = text.map(Double.init) ?? (try? container.decode(Double.self, forKey: member)),
                0...10 ~= number
            else { return nil }
            return number > 1 ? number / 10 : number
        }
    }

    /// A truth value.
    mutating func flag(_ names: String...) -> Bool? {
        first(names, or: .type) { container, member in
            try? container.decode(Bool.self, forKey: member)
        }
    }

    /// A time between 2000 and the latest that the decoder was given.
    mutating func date(_ names: String...) -> Date? {
        let latest = latest
        return first(names, or: .date) { container, member in
            let text = try? container.decode(String.self, forKey: member)
            guard let date = text.flatMap(Timestamp.date), Timestamp.earliest <= date, date <= latest else {
                return nil
            }
            return date
        }
    }

    /// A text or a list of them, where an object with a `name` stands for its name; what else is in a list is left out.
    mutating func names(_ names: String...) -> [String]? {
        first(names, or: .type) { container, member in
            if let list = try? container.decode([NamedText].self, forKey: member) { return list.compactMap(\.text) }
            return (try? container.decode(NamedText.self, forKey: member))?.text.map { [$0] }
        }
    }

    /// An object within this one, which counts its faults itself.
    mutating func object(_ names: String...) -> LenientObject? {
        first(names, or: .type) { container, member in
            (try? container.superDecoder(forKey: member)).flatMap { try? LenientObject($0) }
        }
    }

    // MARK: - Reading

    /// What `read` makes of the first member that has a value it can read.
    ///
    /// Kaggle also writes every name with a suffix.
    private mutating func first<Value>(
        _ names: [String], or fault: ItemFault, _ read: (KeyedDecodingContainer<Member>, Member) -> Value?
    ) -> Value? {
        for name in names.flatMap({ [$0, $0 + "Nullable"] }) {
            let member = Member(stringValue: name)
            guard container.contains(member), (try? container.decodeNil(forKey: member)) != true else { continue }
            if let value = read(container, member) { return value }
            faults.append(fault)
        }
        return nil
    }

    private static func integer(_ container: KeyedDecodingContainer<Member>, _ member: Member) -> Int64? {
        if let integer = try? container.decode(Int64.self, forKey: member) { return integer }
        if let number = try? container.decode(Double.self, forKey: member) { return Int64(exactly: number) }
        guard let text = try? container.decode(String.self, forKey: member),
            text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
        else { return nil }
        return Int64(text)
    }
}

/// An element of a list of names.
private struct NamedText: Decodable {
    let text: String?

    init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            self.text = text
        } else {
            var object = try? LenientObject(decoder)
            text = object?.text("name")
        }
    }
}

extension CodingUserInfoKey {
    /// The latest time that a date may have.
    static let latestDate = CodingUserInfoKey(rawValue: "latestDate")
}
