extension Int {
    /// The digits in groups of three, such as 12,300.
    public var grouped: String {
        let digits = Array(String(magnitude))
        let groups = stride(from: digits.count % 3 - 3, to: digits.count, by: 3)
            .map { String(digits[Swift.max(0, $0)..<Swift.max(0, $0 + 3)]) }
            .filter { !$0.isEmpty }
        return (self < 0 ? "-" : "") + groups.joined(separator: ",")
    }
}

extension Duration {
    /// In the two largest units that it has, such as `3 min 20 s`, to the next whole second.
    public var inWords: String {
        let (whole, rest) = components
        let seconds = whole + (rest > 0 ? 1 : 0)
        let units: [(name: String, length: Int64)] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)]
        let first = units.firstIndex { seconds >= $0.length } ?? units.count - 1
        var parts = ["\(seconds / units[first].length) \(units[first].name)"]
        let left = seconds % units[first].length
        if first + 1 < units.count, left >= units[first + 1].length {
            parts.append("\(left / units[first + 1].length) \(units[first + 1].name)")
        }
        return parts.joined(separator: " ")
    }
}
