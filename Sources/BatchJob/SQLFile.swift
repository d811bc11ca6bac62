import Postgres

/// The files of the `SQL` folder, compiled into the program: psql, tests and the job run the same text.
enum SQLFile: String, CaseIterable {
    case begin, states, sample, plan, claim, read, write, classify, check, fail, quarantined, models, source, cut
    case sourceOfBytes = "source-of-bytes"
    case beginReadOnly = "begin-read-only"
    case readStored = "read-stored"
    case planOutdated = "plan-outdated"
    case readListed = "read-listed"
    case joinState = "join-state"
    case embeddedCount = "embedded-count"
    case notQuarantined = "not-quarantined"
    case writeState = "write-state"
    case writeLedger = "write-ledger"
    case checkState = "check-state"
    case retryFailed = "retry-failed"
    case catalogSideTable = "catalog-side-table"
    case schemaSideTables = "schema-side-tables"
    case releaseSnapshot = "release-snapshot"
    case catalogServer = "catalog-server"
    case catalogTable = "catalog-table"
    case catalogColumns = "catalog-columns"
    case catalogAdvice = "catalog-advice"
    case statusCounts = "status-counts"
    case statusOldest = "status-oldest"
    case statusLedger = "status-ledger"
    case statusModels = "status-models"
    case schemaTable = "schema-table"
    case schemaPendingIndex = "schema-pending-index"
    case schemaHNSWIndex = "schema-hnsw-index"
    case changeAddColumn = "change-add-column"
    case changeBegin = "change-begin"
    case changeBuilder = "change-builder"
    case changeClaim = "change-claim"
    case changeConfigFirst = "change-config-first"
    case changeConfig = "change-config"
    case changeCoverage = "change-coverage"
    case changeDropColumn = "change-drop-column"
    case changeDropIndex = "change-drop-index"
    case changeForgetStates = "change-forget-states"
    case changeGrants = "change-grants"
    case changeIndex = "change-index"
    case changeLimits = "change-limits"
    case changeLockLimit = "change-lock-limit"
    case changeLock = "change-lock"
    case changeNearest = "change-nearest"
    case changeNoLimits = "change-no-limits"
    case changePendingIndex = "change-pending-index"
    case changeProgress = "change-progress"
    case changeRelation = "change-relation"
    case changeSearchIndex = "change-search-index"
    case changeSearchIndexes = "change-search-indexes"
    case changeSwap = "change-swap"
    case changeWatch = "change-watch"
    case changeWithIndex = "change-with-index"
    case changeWithoutIndex = "change-without-index"
    case checkColumn = "check-column"
    case sameColumn = "same-column"
    case schemaModelTable = "schema-model-table"

    /// The text of the file.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The statement of a file that has no placeholders; ``DatasetTable/statement(_:)`` fills in those of the others.
    var statement: PostgresStatement { PostgresStatement(name: rawValue, sql: text) }

    /// The text on one line and without comments, for the log.
    var line: String {
        text.split(separator: "\n").filter { !$0.hasPrefix("--") }
            .map { $0.drop { $0 == " " } }.joined(separator: " ")
    }

    private var bytes: [UInt8] {
        switch self {
        case .begin: PackageResources.begin_sql
        case .beginReadOnly: PackageResources.begin_read_only_sql
        case .states: PackageResources.states_sql
        case .sample: PackageResources.sample_sql
        case .readStored: PackageResources.read_stored_sql
        case .plan: PackageResources.plan_sql
        case .claim: PackageResources.claim_sql
        case .read: PackageResources.read_sql
        case .write: PackageResources.write_sql
        case .classify: PackageResources.classify_sql
        case .source: PackageResources.source_sql
        case .sourceOfBytes: PackageResources.source_of_bytes_sql
        case .cut: PackageResources.cut_sql
        case .check: PackageResources.check_sql
        case .fail: PackageResources.fail_sql
        case .quarantined: PackageResources.quarantined_sql
        case .models: PackageResources.models_sql
        case .planOutdated: PackageResources.plan_outdated_sql
        case .readListed: PackageResources.read_listed_sql
        case .joinState: PackageResources.join_state_sql
        case .embeddedCount: PackageResources.embedded_count_sql
        case .notQuarantined: PackageResources.not_quarantined_sql
        case .writeState: PackageResources.write_state_sql
        case .writeLedger: PackageResources.write_ledger_sql
        case .checkState: PackageResources.check_state_sql
        case .retryFailed: PackageResources.retry_failed_sql
        case .catalogSideTable: PackageResources.catalog_side_table_sql
        case .schemaSideTables: PackageResources.schema_side_tables_sql
        case .releaseSnapshot: PackageResources.release_snapshot_sql
        case .catalogServer: PackageResources.catalog_server_sql
        case .catalogTable: PackageResources.catalog_table_sql
        case .catalogColumns: PackageResources.catalog_columns_sql
        case .catalogAdvice: PackageResources.catalog_advice_sql
        case .statusCounts: PackageResources.status_counts_sql
        case .statusOldest: PackageResources.status_oldest_sql
        case .statusLedger: PackageResources.status_ledger_sql
        case .statusModels: PackageResources.status_models_sql
        case .schemaTable: PackageResources.schema_table_sql
        case .schemaPendingIndex: PackageResources.schema_pending_index_sql
        case .schemaHNSWIndex: PackageResources.schema_hnsw_index_sql
        case .changeAddColumn: PackageResources.change_add_column_sql
        case .changeBegin: PackageResources.change_begin_sql
        case .changeBuilder: PackageResources.change_builder_sql
        case .changeClaim: PackageResources.change_claim_sql
        case .changeConfigFirst: PackageResources.change_config_first_sql
        case .changeConfig: PackageResources.change_config_sql
        case .changeCoverage: PackageResources.change_coverage_sql
        case .changeDropColumn: PackageResources.change_drop_column_sql
        case .changeDropIndex: PackageResources.change_drop_index_sql
        case .changeForgetStates: PackageResources.change_forget_states_sql
        case .changeGrants: PackageResources.change_grants_sql
        case .changeIndex: PackageResources.change_index_sql
        case .changeLimits: PackageResources.change_limits_sql
        case .changeLockLimit: PackageResources.change_lock_limit_sql
        case .changeLock: PackageResources.change_lock_sql
        case .changeNearest: PackageResources.change_nearest_sql
        case .changeNoLimits: PackageResources.change_no_limits_sql
        case .changePendingIndex: PackageResources.change_pending_index_sql
        case .changeProgress: PackageResources.change_progress_sql
        case .changeRelation: PackageResources.change_relation_sql
        case .changeSearchIndex: PackageResources.change_search_index_sql
        case .changeSearchIndexes: PackageResources.change_search_indexes_sql
        case .changeSwap: PackageResources.change_swap_sql
        case .changeWatch: PackageResources.change_watch_sql
        case .changeWithIndex: PackageResources.change_with_index_sql
        case .changeWithoutIndex: PackageResources.change_without_index_sql
        case .checkColumn: PackageResources.check_column_sql
        case .sameColumn: PackageResources.same_column_sql
        case .schemaModelTable: PackageResources.schema_model_table_sql
        }
    }

    /// Replaces `{NAME}` placeholders in one pass, so that a value that looks like a placeholder stays as it is.
    static func fill(_ template: String, _ values: [String: String]) -> String {
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
