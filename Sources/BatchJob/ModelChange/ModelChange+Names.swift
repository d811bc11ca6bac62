import DatasetTable

/// What a change calls the columns and indexes that it makes.
extension ModelChange {
    /// The column that the new model's vectors go to, the same one for the same model.
    var nextColumn: String { names.column.prefix(utf8Count: 50) + "_" + model.fingerprint.abbreviation }

    /// The column that served until the cutover.
    var oldColumn: String { Self.oldColumn(of: names.column) }

    static func oldColumn(of column: String) -> String { column.prefix(utf8Count: 59) + "_old" }

    /// The name of the index that is like the serving column's search index of this number.
    func searchIndexName(_ change: ModelChangeTable, _ number: Int) -> String {
        indexName(change, change.searchIndexes[number].method + (number == 0 ? "" : String(number + 1)))
    }

    /// Table, column, model and purpose: unique in the schema, and at most 63 bytes.
    func indexName(_ change: ModelChangeTable, _ purpose: String) -> String {
        let end = "_\(model.fingerprint.abbreviation)_\(purpose)"
        return "\(change.table.name)_\(names.column)".prefix(utf8Count: 63 - end.utf8.count) + end
    }
}

extension String {
    /// As many whole characters as fit: PostgreSQL would cut a name at its 63rd byte.
    func prefix(utf8Count limit: Int) -> String {
        var result = self
        while result.utf8.count > limit { result.removeLast() }
        return result
    }
}
