import DatasetTable

// MARK: - Draining

extension SQLFile {
    static var check: SQLFile { SQLFile(PackageResources.check_sql) }
    static var checkColumn: SQLFile { SQLFile(PackageResources.check_column_sql) }
    static var claim: SQLFile { SQLFile(PackageResources.claim_sql) }
    static var classify: SQLFile { SQLFile(PackageResources.classify_sql) }
    static var cleared: SQLFile { SQLFile(PackageResources.cleared_sql) }
    static var documentRows: SQLFile { SQLFile(PackageResources.document_rows_sql) }
    static var embeddedCount: SQLFile { SQLFile(PackageResources.embedded_count_sql) }
    static var fail: SQLFile { SQLFile(PackageResources.fail_sql) }
    static var label: SQLFile { SQLFile(PackageResources.label_sql) }
    static var list: SQLFile { SQLFile(PackageResources.list_sql) }
    static var lockable: SQLFile { SQLFile(PackageResources.lockable_sql) }
    static var orphanedDocuments: SQLFile { SQLFile(PackageResources.orphaned_documents_sql) }
    static var pendingCount: SQLFile { SQLFile(PackageResources.pending_count_sql) }
    static var read: SQLFile { SQLFile(PackageResources.read_sql) }
    static var undocumented: SQLFile { SQLFile(PackageResources.undocumented_sql) }
    static var undocumentedCount: SQLFile { SQLFile(PackageResources.undocumented_count_sql) }
    static var updatePolicy: SQLFile { SQLFile(PackageResources.update_policy_sql) }
    static var write: SQLFile { SQLFile(PackageResources.write_sql) }
    static var writingTriggers: SQLFile { SQLFile(PackageResources.writing_triggers_sql) }
}

// MARK: - Verifying

extension SQLFile {
    static var readStored: SQLFile { SQLFile(PackageResources.read_stored_sql) }
    static var sample: SQLFile { SQLFile(PackageResources.sample_sql) }
    static var states: SQLFile { SQLFile(PackageResources.states_sql) }
}

// MARK: - Changing the model

extension SQLFile {
    static var changeAddColumn: SQLFile { SQLFile(PackageResources.change_add_column_sql) }
    static var changeBegin: SQLFile { SQLFile(PackageResources.change_begin_sql) }
    static var changeBuilder: SQLFile { SQLFile(PackageResources.change_builder_sql) }
    static var changeConfigFirst: SQLFile { SQLFile(PackageResources.change_config_first_sql) }
    static var changeConfig: SQLFile { SQLFile(PackageResources.change_config_sql) }
    static var changeCoverage: SQLFile { SQLFile(PackageResources.change_coverage_sql) }
    static var changeDependents: SQLFile { SQLFile(PackageResources.change_dependents_sql) }
    static var changeDropColumn: SQLFile { SQLFile(PackageResources.change_drop_column_sql) }
    static var changeDropIndex: SQLFile { SQLFile(PackageResources.change_drop_index_sql) }
    static var changeForgetStates: SQLFile { SQLFile(PackageResources.change_forget_states_sql) }
    static var changeGrants: SQLFile { SQLFile(PackageResources.change_grants_sql) }
    static var changeIndex: SQLFile { SQLFile(PackageResources.change_index_sql) }
    static var changeLockLimit: SQLFile { SQLFile(PackageResources.change_lock_limit_sql) }
    static var changeLock: SQLFile { SQLFile(PackageResources.change_lock_sql) }
    static var changeNearest: SQLFile { SQLFile(PackageResources.change_nearest_sql) }
    static var changePendingIndex: SQLFile { SQLFile(PackageResources.change_pending_index_sql) }
    static var changeProgress: SQLFile { SQLFile(PackageResources.change_progress_sql) }
    static var changeRelation: SQLFile { SQLFile(PackageResources.change_relation_sql) }
    static var changeSameTable: SQLFile { SQLFile(PackageResources.change_same_table_sql) }
    static var changeSearchIndex: SQLFile { SQLFile(PackageResources.change_search_index_sql) }
    static var changeSettings: SQLFile { SQLFile(PackageResources.change_settings_sql) }
    static var changeSwap: SQLFile { SQLFile(PackageResources.change_swap_sql) }
    static var changeWatch: SQLFile { SQLFile(PackageResources.change_watch_sql) }
    static var changeWithIndex: SQLFile { SQLFile(PackageResources.change_with_index_sql) }
    static var changeWithoutIndex: SQLFile { SQLFile(PackageResources.change_without_index_sql) }
}
