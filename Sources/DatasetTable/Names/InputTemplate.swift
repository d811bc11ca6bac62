/// How the columns of a row become the input of the model: the title twice, then the description.
///
/// In a run the database composes the text (`SQL/source.sql`), so that the fingerprint of what was encoded and the guard
/// of the write see exactly the same input. ``text(title:description:)`` is the same template for texts from a file.
public enum InputTemplate {
    /// The template as it enters the model fingerprint, with the number of characters taken of each column.
    public static let definition = "{title:2048} {title:2048} {description:16384}"

    /// Composes the input; parts that are missing or blank are left out.
    ///
    /// `nil` if nothing is left.
    public static func text(title: String?, description: String?) -> String? {
        let parts = [title, title, description].compactMap { $0 }.filter { !isBlank($0) }
        return parts.isEmpty ? nil : parts.joined(separator: " ")
    }

    /// Only ASCII white space, as in `SQL/source.sql`.
    private static func isBlank(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) }
    }
}
