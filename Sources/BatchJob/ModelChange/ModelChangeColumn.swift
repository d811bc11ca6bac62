import DatasetTable
import Postgres

/// What a change of the model knows of a column.
extension ResolvedTable.Column {
    /// The bytes of one vector.
    var vectorByteCount: Int { 8 + (isHalf ? 2 : 4) * min(max(0, Int(modifier)), PGVector.maxDimension) }

    private static let marker = "embedding_state.column_name = "

    /// The comment without the line that names the column for `embedding_state`.
    var ownComment: String? {
        guard let comment else { return nil }
        let lines = comment.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix(Self.marker) }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    /// The comment under another name, with that line if `embedding_state` does not know the column by this name.
    func comment(named name: String, text: String?) -> String? {
        let lines = [text, name == stateKey ? nil : Self.marker + stateKey].compactMap(\.self)
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }
}
