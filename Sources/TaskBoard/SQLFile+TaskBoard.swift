import DatasetTable

// MARK: - Parts of statements

extension SQLFile {
    static var task: SQLFile { SQLFile(PackageResources.task_sql) }
    static var taskHasTwin: SQLFile { SQLFile(PackageResources.task_has_twin_sql) }
    static var taskNextState: SQLFile { SQLFile(PackageResources.task_next_state_sql) }
}

// MARK: - Statements

extension SQLFile {
    static var schemaTasks: SQLFile { SQLFile(PackageResources.schema_tasks_sql) }
    static var schemaTasksGrants: SQLFile { SQLFile(PackageResources.schema_tasks_grants_sql) }
    static var taskBoard: SQLFile { SQLFile(PackageResources.task_board_sql) }
    static var taskCancel: SQLFile { SQLFile(PackageResources.task_cancel_sql) }
    static var taskEnd: SQLFile { SQLFile(PackageResources.task_end_sql) }
    static var taskEnqueue: SQLFile { SQLFile(PackageResources.task_enqueue_sql) }
    static var taskFind: SQLFile { SQLFile(PackageResources.task_find_sql) }
    static var taskKeep: SQLFile { SQLFile(PackageResources.task_keep_sql) }
    static var taskList: SQLFile { SQLFile(PackageResources.task_list_sql) }
    static var taskLock: SQLFile { SQLFile(PackageResources.task_lock_sql) }
    static var taskPick: SQLFile { SQLFile(PackageResources.task_pick_sql) }
    static var taskRetakeBegin: SQLFile { SQLFile(PackageResources.task_retake_begin_sql) }
    static var taskRetakeKeep: SQLFile { SQLFile(PackageResources.task_retake_keep_sql) }
    static var taskRetakeUndo: SQLFile { SQLFile(PackageResources.task_retake_undo_sql) }
    static var taskRunning: SQLFile { SQLFile(PackageResources.task_running_sql) }
    static var taskStart: SQLFile { SQLFile(PackageResources.task_start_sql) }
    static var taskWatch: SQLFile { SQLFile(PackageResources.task_watch_sql) }
    static var taskWatchBegin: SQLFile { SQLFile(PackageResources.task_watch_begin_sql) }
    static var taskWatchEnd: SQLFile { SQLFile(PackageResources.task_watch_end_sql) }
}
