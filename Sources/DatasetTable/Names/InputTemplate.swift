/// How the columns of a row become the input of the model: the title twice, then the description.
///
/// In a run the database composes the text (`SQL/source.sql`), so that the fingerprint of what was encoded and the guard
/// of the write see exactly the same input. ``text(title:description:)`` is the same template for texts from a file.
public enum InputTemplate {
    /// The template as it enters the model fingerprint, with the number of characters taken of each column.
    public static let definition = "{title:2048} {title:2048} {description:16384}"

    /// Composes the input; each part is cut, then trimmed, and left out if it is missing or nothing is left of it.
    ///
    /// `nil` if no part is left.
    public static func text(title: String?, description: String?) -> String? {
        let title = title.flatMap { part($0, characters: 2048) }
        let description = description.flatMap { part($0, characters: 16_384) }
        let parts = [title, title, description].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: " ")
    }

    /// A character is what it is to the server of a UTF-8 database, a scalar; white space is that of ASCII.
    private static func part(_ text: String, characters: Int) -> String? {
        let cut = text.unicodeScalars.prefix(characters)
        guard let first = cut.firstIndex(where: { !isBlank($0) }), let last = cut.lastIndex(where: { !isBlank($0) })
        else { return nil }
        return String(cut[first...last])
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || (0x09...0x0D).contains(scalar.value)
    }
}
