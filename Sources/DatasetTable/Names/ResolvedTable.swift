package import Postgres

/// A table whose names, types and privileges the catalog has confirmed: what the statements of a run are made of.
public struct ResolvedTable: Sendable {
    /// The virtual shards of the keys, which runs claim one by one: a power of two, the same in every process.
    package static let shardCount = 64

    /// A column as the catalog describes it.
    package struct Column: Sendable {
        package let name: String
        package let quoted: String
        /// Its number in the table, which it keeps when it is renamed.
        package let number: Int32
        package let comment: String?
        /// The name under which `embedding_state` knows it.
        package let stateKey: String
        /// The type as declared, for people.
        package let type: String
        /// The type that a domain is made of, or the same; everything below is about this one.
        package let baseType: String
        /// The type without its modifier, quoted by the server.
        package let quotedType: String
        /// The schema of the operators that compare its values, quoted by the server.
        package let operatorSchema: String
        package let typeName: String
        package let typeOID: UInt32
        package let arrayOID: UInt32
        package let modifier: Int32
        package let isNullable: Bool
        /// Whether the server computes it from other columns.
        package let isGenerated: Bool
        /// Whether it does so whenever the column is read, so that no index can hold it.
        package let isVirtual: Bool
        package let isEnum: Bool
        package let maySelect: Bool
        package let mayUpdate: Bool
        package let isUnique: Bool

        /// Whether vectors are stored with half precision.
        package var isHalf: Bool { typeName == "halfvec" }
    }

    /// pgvector's `vector` type in this database.
    package struct VectorType: Sendable {
        package let quoted: String
        package let oid: UInt32
        package let arrayOID: UInt32
        /// The schema of the extension, quoted by the server.
        package let schema: String
        /// What `pg_extension` calls pgvector's version.
        package let version: ExtensionVersion
    }

    package let names: DatasetNames
    package let oid: UInt32
    /// The table without its schema, not quoted.
    package let name: String
    /// Schema and table, quoted by the server.
    package let quoted: String
    /// The same as a literal, quoted by libpq: how side tables call the table.
    let nameLiteral: String
    package let columns: [String: Column]
    package let vector: VectorType
    /// Whether the database is `SQL_ASCII`: its text is whatever bytes clients have sent, and the server counts bytes.
    package let hasNoEncoding: Bool
    /// Whether triggers fire after the write of a row, which may take its vector away.
    package let hasLaterTriggers: Bool
    /// The status value as a literal, quoted by libpq.
    let statusLiteral: String
    /// The vector column's name as a literal, quoted by libpq.
    let columnLiteral: String
    /// `embedding_failure`, quoted by the server; `nil` if it is absent or this role may not write it.
    package var ledger: String?
    /// `embedding_state`, likewise.
    package var state: String?
    /// `embedding_document`, likewise.
    package var document: String?

    /// The name of a side table, quoted by the server; `nil` if the run goes without it.
    package subscript(sideTable: SideTable) -> String? {
        get {
            switch sideTable {
            case .ledger: ledger
            case .state: state
            case .document: document
            }
        }
        set {
            switch sideTable {
            case .ledger: ledger = newValue
            case .state: state = newValue
            case .document: document = newValue
            }
        }
    }

    /// The indexes on the vector column that every written vector is entered into; `nil` if there are none.
    package var searchIndexes: SearchIndexes?

    /// Which rows the statements are about.
    package var selection = RowSelection.missing

    /// A column that ``Preflight`` has found.
    package func column(_ name: String) -> Column {
        guard let column = columns[name] else { preconditionFailure("column \(name) was not looked up") }
        return column
    }

    /// The key column.
    package var key: Column { column(names.id) }

    /// The vector column.
    package var vectorColumn: Column { column(names.column) }

    /// The first number of the advisory locks that claim the shards of a column: numbers have no owner, so this one is
    /// derived from table, column and shard count.
    package func claimNamespace(of column: String) -> Int32 { Self.claimNamespace(of: column, in: oid) }

    /// The same for any table of the database.
    static func claimNamespace(of column: String, in table: UInt32) -> Int32 {
        // FNV-1a, 32 bits: every process must come to the same number.
        let text = "embed:\(table):\(column):\(shardCount)"
        return Int32(bitPattern: text.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 })
    }

    /// A statement of an `SQL` folder with this table's names, and more values, in place of its placeholders.
    package func statement(_ file: SQLFile, _ more: [String: String] = [:]) -> PostgresStatement {
        PostgresStatement(name: file.name, sql: fill(file.text, more))
    }

    /// The same table with another vector column, for statements that only read it: the column's name is no literal yet.
    package func reading(_ column: Column) -> ResolvedTable {
        var names = names
        names.column = column.name
        var table = ResolvedTable(
            names: names, oid: oid, name: name, quoted: quoted, nameLiteral: nameLiteral,
            columns: columns.merging([column.name: column]) { $1 },
            vector: vector,
            hasNoEncoding: hasNoEncoding,
            hasLaterTriggers: hasLaterTriggers, statusLiteral: statusLiteral, columnLiteral: "")
        (table.ledger, table.state) = (ledger, state)
        return table
    }

    /// Replaces placeholders: parts of statements first, which have placeholders themselves, then names.
    package func fill(_ text: String, _ more: [String: String] = [:]) -> String {
        let parts = [
            "{JOIN_HELD}": ledger == nil ? "" : SQLFile.joinHeld.text,
            "{IS_HELD}": ledger == nil ? "false" : "held.is_held IS NOT NULL",
            "{NOT_QUARANTINED}": ledger == nil ? "" : SQLFile.notQuarantined.text,
            "{CLEAR_LEDGER}": ledger == nil ? "" : SQLFile.writeLedger.text,
            "{NOTE_STATE}": state == nil ? "" : SQLFile.writeState.text,
            "{NOTE_DOCUMENT}": document == nil ? "" : SQLFile.writeDocument.text,
            "{AND_DOCUMENT}": document == nil
                ? "" : ", \(SQLFile.document.text) AS document, \(SQLFile.extrasHash.text) AS extras_hash",
            "{EXTRAS_HASH}": SQLFile.extrasHash.text,
            "{CHECK_STATE}": state == nil ? "" : SQLFile.checkState.text,
            "{READY}": Self.eligible(names, columns) + " AND d.{COLUMN} IS NOT NULL",
            "{ELIGIBLE}": Self.eligible(names, columns),
            "{PENDING}": Self.pendingIndexCondition(names, columns), "{SELECTED}": selection.condition,
            "{JOIN}": selection.needsState ? SQLFile.joinState.text : "",
            "{SHARD}": SQLFile.shard.text,
            "{CUT}": SQLFile.cut.text,
            "{SAME_COLUMN}": SQLFile.sameColumn.text, "{SAME_TEXT}": SQLFile.sameText.text,
            "{BY_KEY}": SQLFile.byKey.text,
        ]
        let heldBack = [
            "{HELD_BACK}": SQLFile.heldBack.text, "{SOURCE}": Self.source(hasNoEncoding: hasNoEncoding),
        ]
        let smallerParts = [
            "{FINGERPRINT}": Self.fingerprint(hasNoEncoding: hasNoEncoding), "{SAME_TABLE}": SQLFile.sameTable.text,
            "{TAGS_TEXT}": tagsText, "{ORIGIN_TEXT}": originText,
        ]
        var identifiers = [
            "{TABLE}": quoted, "{TABLE_NAME}": nameLiteral, "{TABLE_OID}": String(oid),
            "{SHARD_COUNT}": String(Self.shardCount), "{LAST_SHARD}": String(Self.shardCount - 1),
            "{VECTOR}": vector.quoted, "{VECTOR_SCHEMA}": vector.schema, "{COLUMN_LITERAL}": columnLiteral,
            "{STATUS_VALUE}": statusLiteral,
        ]
        // A column may be missing while the preflight finds out what else is wrong.
        for (placeholder, name) in [
            ("{ID}", names.id), ("{TITLE}", names.title), ("{DESCRIPTION}", names.description),
            ("{STATUS}", names.status), ("{ACTIVE}", names.active), ("{COLUMN}", names.column),
            ("{CREATED}", names.created), ("{TAGS}", names.tags), ("{ORIGIN}", names.source),
            ("{SOURCE_REF}", names.sourceRef),
        ] { identifiers[placeholder] = columns[name]?.quoted }
        let read = [names.id, names.title, names.description, names.status, names.active, names.column]
        identifiers["{COLUMNS}"] = Set(read.compactMap { columns[$0]?.quoted }).sorted().map { "d." + $0 }
            .joined(separator: ", ")
        identifiers["{KEY}"] = columns[names.id]?.quotedType
        identifiers["{KEY_SCHEMA}"] = columns[names.id]?.operatorSchema
        identifiers["{STATUS_SCHEMA}"] = columns[names.status]?.operatorSchema
        if let column = columns[names.column] {
            identifiers["{COLUMN_TYPE}"] = column.quotedType
            identifiers["{COLUMN_NUMBER}"] = String(column.number)
        }
        identifiers["{LEDGER}"] = ledger
        identifiers["{STATE}"] = state
        identifiers["{DOCUMENT}"] = document
        identifiers.merge(more) { $1 }
        return [parts, heldBack, smallerParts, identifiers].reduce(text) { SQLFile.fill($0, $1) }
    }

    /// What qualifies a row `d` for a vector; one without a key can be neither claimed nor written.
    private static func eligible(_ names: DatasetNames, _ columns: [String: Column]) -> String {
        "d.{STATUS} OPERATOR({STATUS_SCHEMA}.=) {STATUS_VALUE} AND d.{ACTIVE}"
            + (columns[names.id]?.isNullable == true ? " AND d.{ID} IS NOT NULL" : "")
    }

    /// The tags of a row `d`, with the names of its columns still to be filled in.
    private var tagsText: String {
        guard let tags = columns[names.tags] else { return "''" }
        return (tags.typeName.hasPrefix("_") ? SQLFile.tagsOfArray : .tagsOfText).text
    }

    /// Source and owner of a row `d`, likewise.
    private var originText: String {
        let parts = [(names.source, SQLFile.originName), (names.sourceRef, .originOwner)]
            .filter { columns[$0.0] != nil }.map(\.1.text)
        return parts.isEmpty ? "''" : parts.joined(separator: " OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) ")
    }

    /// The condition of the index by which pending rows are found, without columns that no index can hold; names still to be
    /// filled in.
    static func pendingIndexCondition(_ names: DatasetNames, _ columns: [String: Column]) -> String {
        let parts = [
            ("{STATUS} OPERATOR({STATUS_SCHEMA}.=) {STATUS_VALUE}", names.status),
            ("{COLUMN} IS NULL", names.column), ("{ACTIVE}", names.active),
        ]
        return parts.filter { columns[$0.1]?.isVirtual != true }.map(\.0).joined(separator: " AND ")
    }

    /// The input of a row `d`, with the names of its columns still to be filled in.
    static func source(hasNoEncoding: Bool) -> String {
        (hasNoEncoding ? SQLFile.sourceOfBytes : SQLFile.source).text
    }

    /// The fingerprint of an input `s.source`.
    static func fingerprint(hasNoEncoding: Bool) -> String {
        // In a database without encoding the bytes as they are: a conversion would refuse those that are not UTF-8, and
        // leave the others as they are.
        let encoding = hasNoEncoding ? "SQL_ASCII" : "UTF8"
        return "pg_catalog.sha256(pg_catalog.convert_to(s.source, '\(encoding)'))"
    }
}
