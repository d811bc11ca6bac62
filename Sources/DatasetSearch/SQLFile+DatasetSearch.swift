import DatasetTable

// MARK: - Searching

extension SQLFile {
    static var datasetRecords: SQLFile { SQLFile(PackageResources.dataset_records_sql) }
    /// A part of `search.sql`.
    static var notExcluded: SQLFile { SQLFile(PackageResources.not_excluded_sql) }
    static var search: SQLFile { SQLFile(PackageResources.search_sql) }
    static var searchBegin: SQLFile { SQLFile(PackageResources.search_begin_sql) }
    static var searchLock: SQLFile { SQLFile(PackageResources.search_lock_sql) }
    static var searchModelOfColumn: SQLFile { SQLFile(PackageResources.search_model_of_column_sql) }
    static var searchModelOfRows: SQLFile { SQLFile(PackageResources.search_model_of_rows_sql) }
    static var searchNames: SQLFile { SQLFile(PackageResources.search_names_sql) }
    /// A part of `search.sql`.
    static var wordsOfDocument: SQLFile { SQLFile(PackageResources.words_of_document_sql) }
}

// MARK: - What searches need

extension SQLFile {
    /// A part of `refresh-words.sql`.
    static var documentSample: SQLFile { SQLFile(PackageResources.document_sample_sql) }
    static var refreshScales: SQLFile { SQLFile(PackageResources.refresh_scales_sql) }
    static var refreshWords: SQLFile { SQLFile(PackageResources.refresh_words_sql) }
    static var schemaSearchFunction: SQLFile { SQLFile(PackageResources.schema_search_function_sql) }
    static var schemaSearchGrants: SQLFile { SQLFile(PackageResources.schema_search_grants_sql) }
    static var schemaSearchReady: SQLFile { SQLFile(PackageResources.schema_search_ready_sql) }
    static var schemaSearchSource: SQLFile { SQLFile(PackageResources.schema_search_source_sql) }
    static var schemaSearchTables: SQLFile { SQLFile(PackageResources.schema_search_tables_sql) }
}
