/// Brings lists of both sources to the limits of the table's columns.
enum RecordValues {
    /// The most tags of a record.
    static let maximumTagCount = 64
    /// The most Unicode scalars of a tag; a longer one is left out, since half of it would be another one.
    static let maximumTagLength = 100

    /// The first of the tags, each once, on one line.
    static func tags(_ tags: [String]) -> [String] {
        var kept: [String] = []
        var seen: Set<String> = []
        for tag in tags.map(TextCleaning.title) where kept.count < maximumTagCount {
            let isTag = !tag.isEmpty && tag.unicodeScalars.count <= maximumTagLength
            if isTag, seen.insert(tag).inserted { kept.append(tag) }
        }
        return kept
    }

    /// The licences' names joined by a comma and a blank; `nil` if there are none.
    static func license(_ names: [String]) -> String? {
        let joined = TextCleaning.title(names.map(TextCleaning.title).filter { !$0.isEmpty }.joined(separator: ", "))
        return joined.isEmpty ? nil : joined
    }
}
