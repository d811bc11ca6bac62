import DatasetTable

// MARK: - Parts of statements

extension SQLFile {
    static var catalogCount: SQLFile { SQLFile(PackageResources.catalog_count_sql) }
    static var catalogInput: SQLFile { SQLFile(PackageResources.catalog_input_sql) }
    static var catalogIsNewer: SQLFile { SQLFile(PackageResources.catalog_is_newer_sql) }
    static var catalogJump: SQLFile { SQLFile(PackageResources.catalog_jump_sql) }
    static var catalogText: SQLFile { SQLFile(PackageResources.catalog_text_sql) }
    static var catalogTold: SQLFile { SQLFile(PackageResources.catalog_told_sql) }
    static var catalogValues: SQLFile { SQLFile(PackageResources.catalog_values_sql) }
}

// MARK: - Statements

extension SQLFile {
    static var catalogAdopt: SQLFile { SQLFile(PackageResources.catalog_adopt_sql) }
    static var catalogDeactivate: SQLFile { SQLFile(PackageResources.catalog_deactivate_sql) }
    static var catalogFind: SQLFile { SQLFile(PackageResources.catalog_find_sql) }
    static var catalogGiveUp: SQLFile { SQLFile(PackageResources.catalog_give_up_sql) }
    static var catalogInsert: SQLFile { SQLFile(PackageResources.catalog_insert_sql) }
    static var catalogListed: SQLFile { SQLFile(PackageResources.catalog_listed_sql) }
    static var catalogNote: SQLFile { SQLFile(PackageResources.catalog_note_sql) }
    static var catalogOutdated: SQLFile { SQLFile(PackageResources.catalog_outdated_sql) }
    static var catalogRelease: SQLFile { SQLFile(PackageResources.catalog_release_sql) }
    static var catalogSideTables: SQLFile { SQLFile(PackageResources.catalog_side_tables_sql) }
    static var catalogSourceIndex: SQLFile { SQLFile(PackageResources.catalog_source_index_sql) }
    static var catalogTwin: SQLFile { SQLFile(PackageResources.catalog_twin_sql) }
    static var catalogTwinNote: SQLFile { SQLFile(PackageResources.catalog_twin_note_sql) }
    static var catalogUpdate: SQLFile { SQLFile(PackageResources.catalog_update_sql) }
    static var cursorRead: SQLFile { SQLFile(PackageResources.cursor_read_sql) }
    static var cursorWrite: SQLFile { SQLFile(PackageResources.cursor_write_sql) }
    static var fetchClaim: SQLFile { SQLFile(PackageResources.fetch_claim_sql) }
    static var fetchComplete: SQLFile { SQLFile(PackageResources.fetch_complete_sql) }
    static var fetchFailed: SQLFile { SQLFile(PackageResources.fetch_failed_sql) }
    static var fetchGiveUp: SQLFile { SQLFile(PackageResources.fetch_give_up_sql) }
    static var fetchGone: SQLFile { SQLFile(PackageResources.fetch_gone_sql) }
    static var fetchIdentify: SQLFile { SQLFile(PackageResources.fetch_identify_sql) }
    static var fetchKnown: SQLFile { SQLFile(PackageResources.fetch_known_sql) }
    static var fetchUnclaim: SQLFile { SQLFile(PackageResources.fetch_unclaim_sql) }
    static var schemaCatalogColumns: SQLFile { SQLFile(PackageResources.schema_catalog_columns_sql) }
    static var schemaCatalogGrants: SQLFile { SQLFile(PackageResources.schema_catalog_grants_sql) }
    static var schemaCatalogIndex: SQLFile { SQLFile(PackageResources.schema_catalog_index_sql) }
    static var schemaCatalogNew: SQLFile { SQLFile(PackageResources.schema_catalog_new_sql) }
    static var schemaCatalogTables: SQLFile { SQLFile(PackageResources.schema_catalog_tables_sql) }
}
