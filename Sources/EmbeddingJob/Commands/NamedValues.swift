extension [(name: String, value: String)] {
    /// Two columns, for people.
    var table: String {
        let width = map(\.name.count).max() ?? 0
        return map { $0.name + String(repeating: " ", count: width - $0.name.count + 2) + $0.value }
            .joined(separator: "\n")
    }
}
