package import Postgres

/// A file of an `SQL` folder, compiled into the program: psql, tests and the job run the same text.
///
/// Each module lists the files of its own folder, by one line each. A file in `fragments` is a part of statements and no
/// statement by itself.
package struct SQLFile: Sendable {
    /// What stands in the file.
    package let text: String
    private let property: StaticString

    /// Takes the file of the property that calls this.
    package init(_ bytes: [UInt8], property: StaticString = #function) {
        self.property = property
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// The name of the file without its extension, which errors and logs call the statement by: that of `readListed` is
    /// `read-listed`.
    package var name: String {
        "\(property)".reduce(into: "") { $0 += $1.isUppercase ? "-" + $1.lowercased() : String($1) }
    }

    /// The statement of a file that has no placeholders; ``ResolvedTable/statement(_:_:)`` fills in those of the others.
    package var statement: PostgresStatement { PostgresStatement(name: name, sql: text) }

    /// The statement of a file with values in place of its placeholders.
    func statement(filling values: [String: String]) -> PostgresStatement {
        PostgresStatement(name: name, sql: Self.fill(text, values))
    }

    /// The text on one line and without comments, for the log.
    var line: String {
        text.split(separator: "\n").filter { !$0.hasPrefix("--") }
            .map { $0.drop { $0 == " " } }.joined(separator: " ")
    }

    /// Replaces `{NAME}` placeholders in one pass, so that a value that looks like a placeholder stays as it is.
    package static func fill(_ template: String, _ values: [String: String]) -> String {
        var result = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{") {
            result += rest[..<open]
            rest = rest[open...]
            if let close = rest.firstIndex(of: "}"), let value = values[String(rest[...close])] {
                result += value
                rest = rest[rest.index(after: close)...]
            } else {
                result += "{"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }
}

// MARK: - Parts of statements

extension SQLFile {
    static var byKey: SQLFile { SQLFile(PackageResources.by_key_sql) }
    static var checkState: SQLFile { SQLFile(PackageResources.check_state_sql) }
    static var cut: SQLFile { SQLFile(PackageResources.cut_sql) }
    static var document: SQLFile { SQLFile(PackageResources.document_sql) }
    static var extrasHash: SQLFile { SQLFile(PackageResources.extras_hash_sql) }
    static var heldBack: SQLFile { SQLFile(PackageResources.held_back_sql) }
    static var joinHeld: SQLFile { SQLFile(PackageResources.join_held_sql) }
    static var joinState: SQLFile { SQLFile(PackageResources.join_state_sql) }
    static var migrationMatch: SQLFile { SQLFile(PackageResources.migration_match_sql) }
    static var notQuarantined: SQLFile { SQLFile(PackageResources.not_quarantined_sql) }
    static var originName: SQLFile { SQLFile(PackageResources.origin_name_sql) }
    static var originOwner: SQLFile { SQLFile(PackageResources.origin_owner_sql) }
    static var sameColumn: SQLFile { SQLFile(PackageResources.same_column_sql) }
    static var outdated: SQLFile { SQLFile(PackageResources.outdated_sql) }
    static var sameText: SQLFile { SQLFile(PackageResources.same_text_sql) }
    static var shard: SQLFile { SQLFile(PackageResources.shard_sql) }
    static var sameTable: SQLFile { SQLFile(PackageResources.same_table_sql) }
    static var source: SQLFile { SQLFile(PackageResources.source_sql) }
    static var sourceOfBytes: SQLFile { SQLFile(PackageResources.source_of_bytes_sql) }
    static var tagsOfArray: SQLFile { SQLFile(PackageResources.tags_of_array_sql) }
    static var tagsOfText: SQLFile { SQLFile(PackageResources.tags_of_text_sql) }
    static var writeDocument: SQLFile { SQLFile(PackageResources.write_document_sql) }
    static var writeLedger: SQLFile { SQLFile(PackageResources.write_ledger_sql) }
    static var writeState: SQLFile { SQLFile(PackageResources.write_state_sql) }
}

// MARK: - Statements

extension SQLFile {
    package static var begin: SQLFile { SQLFile(PackageResources.begin_sql) }
    package static var beginReadOnly: SQLFile { SQLFile(PackageResources.begin_read_only_sql) }
    static var catalogAdvice: SQLFile { SQLFile(PackageResources.catalog_advice_sql) }
    static var catalogColumns: SQLFile { SQLFile(PackageResources.catalog_columns_sql) }
    static var catalogLabels: SQLFile { SQLFile(PackageResources.catalog_labels_sql) }
    static var catalogPartialIndexes: SQLFile { SQLFile(PackageResources.catalog_partial_indexes_sql) }
    static var catalogReplicaIdentity: SQLFile { SQLFile(PackageResources.catalog_replica_identity_sql) }
    static var catalogRules: SQLFile { SQLFile(PackageResources.catalog_rules_sql) }
    static var catalogSearchIndexes: SQLFile { SQLFile(PackageResources.catalog_search_indexes_sql) }
    static var catalogServer: SQLFile { SQLFile(PackageResources.catalog_server_sql) }
    static var catalogSideKeys: SQLFile { SQLFile(PackageResources.catalog_side_keys_sql) }
    static var catalogSideTable: SQLFile { SQLFile(PackageResources.catalog_side_table_sql) }
    static var catalogSimilarTables: SQLFile { SQLFile(PackageResources.catalog_similar_tables_sql) }
    static var catalogTable: SQLFile { SQLFile(PackageResources.catalog_table_sql) }
    package static var claimColumns: SQLFile { SQLFile(PackageResources.claim_columns_sql) }
    static var explain: SQLFile { SQLFile(PackageResources.explain_sql) }
    static var historyLatest: SQLFile { SQLFile(PackageResources.history_latest_sql) }
    static var historyTable: SQLFile { SQLFile(PackageResources.history_table_sql) }
    static var historyWrite: SQLFile { SQLFile(PackageResources.history_write_sql) }
    package static var models: SQLFile { SQLFile(PackageResources.models_sql) }
    static var nullKeys: SQLFile { SQLFile(PackageResources.null_keys_sql) }
    static var pendingIndex: SQLFile { SQLFile(PackageResources.pending_index_sql) }
    static var plannerProofs: SQLFile { SQLFile(PackageResources.planner_proofs_sql) }
    static var probeActive: SQLFile { SQLFile(PackageResources.probe_active_sql) }
    static var probeKey: SQLFile { SQLFile(PackageResources.probe_key_sql) }
    static var probeStatus: SQLFile { SQLFile(PackageResources.probe_status_sql) }
    static var probeStatusDomain: SQLFile { SQLFile(PackageResources.probe_status_domain_sql) }
    static var probeStored: SQLFile { SQLFile(PackageResources.probe_stored_sql) }
    static var probeText: SQLFile { SQLFile(PackageResources.probe_text_sql) }
    static var probeWritten: SQLFile { SQLFile(PackageResources.probe_written_sql) }
    package static var quarantined: SQLFile { SQLFile(PackageResources.quarantined_sql) }
    package static var releaseSnapshot: SQLFile { SQLFile(PackageResources.release_snapshot_sql) }
    static var retryFailed: SQLFile { SQLFile(PackageResources.retry_failed_sql) }
    static var retryFailedKey: SQLFile { SQLFile(PackageResources.retry_failed_key_sql) }
    package static var schemaBegin: SQLFile { SQLFile(PackageResources.schema_begin_sql) }
    package static var schemaDocument: SQLFile { SQLFile(PackageResources.schema_document_sql) }
    static var schemaExistingTable: SQLFile { SQLFile(PackageResources.schema_existing_table_sql) }
    static var schemaExtension: SQLFile { SQLFile(PackageResources.schema_extension_sql) }
    static var schemaGrants: SQLFile { SQLFile(PackageResources.schema_grants_sql) }
    static var schemaHistory: SQLFile { SQLFile(PackageResources.schema_history_sql) }
    static var schemaHistoryCoverage: SQLFile { SQLFile(PackageResources.schema_history_coverage_sql) }
    static var schemaHistoryFailures: SQLFile { SQLFile(PackageResources.schema_history_failures_sql) }
    static var schemaHistoryGrants: SQLFile { SQLFile(PackageResources.schema_history_grants_sql) }
    static var schemaHnswIndex: SQLFile { SQLFile(PackageResources.schema_hnsw_index_sql) }
    static var schemaLedger: SQLFile { SQLFile(PackageResources.schema_ledger_sql) }
    static var schemaModelTable: SQLFile { SQLFile(PackageResources.schema_model_table_sql) }
    static var schemaPartitioned: SQLFile { SQLFile(PackageResources.schema_partitioned_sql) }
    static var schemaPendingIndex: SQLFile { SQLFile(PackageResources.schema_pending_index_sql) }
    static var schemaState: SQLFile { SQLFile(PackageResources.schema_state_sql) }
    static var schemaTable: SQLFile { SQLFile(PackageResources.schema_table_sql) }
    static var schemaVectorColumn: SQLFile { SQLFile(PackageResources.schema_vector_column_sql) }
    static var sessionLimits: SQLFile { SQLFile(PackageResources.session_limits_sql) }
    static var sessionNoLimits: SQLFile { SQLFile(PackageResources.session_no_limits_sql) }
    static var statusCounts: SQLFile { SQLFile(PackageResources.status_counts_sql) }
    static var statusLedger: SQLFile { SQLFile(PackageResources.status_ledger_sql) }
    static var statusModels: SQLFile { SQLFile(PackageResources.status_models_sql) }
    static var statusOldest: SQLFile { SQLFile(PackageResources.status_oldest_sql) }
    static var statuses: SQLFile { SQLFile(PackageResources.statuses_sql) }
    package static var trialRollback: SQLFile { SQLFile(PackageResources.trial_rollback_sql) }
    package static var trialSavepoint: SQLFile { SQLFile(PackageResources.trial_savepoint_sql) }
}

// MARK: - Migrating side tables

extension SQLFile {
    static var migrationAssign: SQLFile { SQLFile(PackageResources.migration_assign_sql) }
    static var migrationKey: SQLFile { SQLFile(PackageResources.migration_key_sql) }
    static var migrationLedger: SQLFile { SQLFile(PackageResources.migration_ledger_sql) }
    static var migrationLock: SQLFile { SQLFile(PackageResources.migration_lock_sql) }
    static var migrationOldKeys: SQLFile { SQLFile(PackageResources.migration_old_keys_sql) }
    static var migrationState: SQLFile { SQLFile(PackageResources.migration_state_sql) }
    static var migrationTables: SQLFile { SQLFile(PackageResources.migration_tables_sql) }
    static var migrationUnassigned: SQLFile { SQLFile(PackageResources.migration_unassigned_sql) }
    static var migrationVectorColumns: SQLFile { SQLFile(PackageResources.migration_vector_columns_sql) }
}
