import Postgres

/// A table whose names, types and privileges the catalog has confirmed: what the statements of a run are made of.
public struct DatasetTable: Sendable {
    /// A column as the catalog describes it.
    struct Column: Sendable {
        let name: String
        let quoted: String
        /// Its number in the table, which it keeps when it is renamed.
        let number: Int32
        let comment: String?
        /// The name under which `embedding_state` knows it.
        let stateKey: String
        let type: String
        /// The type without its modifier, quoted by the server.
        let quotedType: String
        let typeName: String
        let typeOID: UInt32
        let arrayOID: UInt32
        let modifier: Int32
        let maySelect: Bool
        let mayUpdate: Bool
        let isUnique: Bool

        /// Whether vectors are stored with half precision.
        var isHalf: Bool { typeName == "halfvec" }
    }

    /// pgvector's `vector` type in this database.
    struct VectorType: Sendable {
        let quoted: String
        let oid: UInt32
        let arrayOID: UInt32
        /// What `pg_extension` calls pgvector's version.
        let version: ExtensionVersion
    }

    let names: DatasetNames
    let oid: UInt32
    /// Schema and table, quoted by the server.
    let quoted: String
    let columns: [String: Column]
    let vector: VectorType
    /// Whether the database is `SQL_ASCII`: its text is whatever bytes clients have sent, and the server counts bytes.
    let hasNoEncoding: Bool
    /// The status value as a literal, quoted by libpq.
    let statusLiteral: String
    /// The vector column's name as a literal, quoted by libpq.
    let columnLiteral: String
    /// `embedding_failure`, quoted by the server; `nil` if it is absent or this role may not write it.
    var ledger: String?
    /// `embedding_state`, likewise.
    var state: String?

    /// The name of a side table, quoted by the server; `nil` if the run goes without it.
    subscript(sideTable: SideTable) -> String? {
        get {
            switch sideTable {
            case .ledger: ledger
            case .state: state
            }
        }
        set {
            switch sideTable {
            case .ledger: ledger = newValue
            case .state: state = newValue
            }
        }
    }

    /// The indexes on the vector column that every written vector is entered into; `nil` if there are none.
    var searchIndexes: SearchIndexes?

    /// Which rows the statements are about.
    var selection = RowSelection.missing

    /// A column that ``Preflight`` has found.
    func column(_ name: String) -> Column {
        guard let column = columns[name] else { preconditionFailure("column \(name) was not looked up") }
        return column
    }

    /// The key column.
    var key: Column { column(names.id) }

    /// The vector column.
    var vectorColumn: Column { column(names.column) }

    /// The first number of the advisory locks that claim the shards of a column: numbers have no owner, so this one is
    /// derived from table, column and shard count.
    func claimNamespace(of column: String) -> Int32 {
        // FNV-1a, 32 bits: every process must come to the same number.
        let text = "embed:\(oid):\(column):\(ShardSchedule.shardCount)"
        return Int32(bitPattern: text.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 })
    }

    /// A statement of the `SQL` folder with this table's names in place of its placeholders.
    func statement(_ file: SQLFile) -> PostgresStatement {
        PostgresStatement(name: file.rawValue, sql: fill(file.text))
    }

    /// Replaces placeholders: parts of statements first, which have placeholders themselves, then names.
    ///
    /// - Parameter more: Values besides those of the table.
    func fill(_ text: String, _ more: [String: String] = [:]) -> String {
        let parts = [
            "{NOT_QUARANTINED}": ledger == nil ? "" : SQLFile.notQuarantined.text,
            "{CLEAR_LEDGER}": ledger == nil ? "" : SQLFile.writeLedger.text,
            "{NOTE_STATE}": state == nil ? "" : SQLFile.writeState.text,
            "{CHECK_STATE}": state == nil ? "" : SQLFile.checkState.text,
            "{ELIGIBLE}": "d.{STATUS} = \(statusLiteral) AND d.{ACTIVE}",
            "{SELECTED}": selection.condition,
            "{JOIN}": selection.needsState ? SQLFile.joinState.text : "",
            "{SHARD}": "(hashtextextended(d.{ID}::text, 0) & \(ShardSchedule.shardCount - 1))::int",
            "{SOURCE}": (hasNoEncoding ? SQLFile.sourceOfBytes : SQLFile.source).text,
            "{CUT}": SQLFile.cut.text, "{SAME_COLUMN}": SQLFile.sameColumn.text,
        ]
        // In a database without encoding the bytes as they are: a conversion would refuse those that are not UTF-8, and
        // leave the others as they are.
        let encoding = hasNoEncoding ? "SQL_ASCII" : "UTF8"
        let fingerprint = ["{FINGERPRINT}": "sha256(convert_to(coalesce(s.source, ''), '\(encoding)'))"]
        var identifiers = [
            "{TABLE}": quoted, "{TABLE_OID}": String(oid), "{SHARD_COUNT}": String(ShardSchedule.shardCount),
            "{KEY}": key.type, "{VECTOR}": vector.quoted,
            "{COLUMN_TYPE}": vectorColumn.quotedType, "{COLUMN_NUMBER}": String(vectorColumn.number),
            "{COLUMN_LITERAL}": columnLiteral,
            "{ID}": key.quoted, "{TITLE}": column(names.title).quoted,
            "{DESCRIPTION}": column(names.description).quoted, "{STATUS}": column(names.status).quoted,
            "{ACTIVE}": column(names.active).quoted, "{COLUMN}": vectorColumn.quoted,
        ]
        identifiers["{CREATED}"] = columns[names.created]?.quoted
        identifiers["{LEDGER}"] = ledger
        identifiers["{STATE}"] = state
        identifiers.merge(more) { $1 }
        return [parts, fingerprint, identifiers].reduce(text) { SQLFile.fill($0, $1) }
    }
}
