import ArgumentParser

/// `embedding-job backfill`: a change of the model, step by step.
struct BackfillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill",
        abstract: "Change the model of a column while searches go on.",
        discussion: """
            --model names the new model in every step, --column the column that searches use. run fills a new column beside \
            it and indexes that; cutover exchanges their names in one short transaction. Until then everything goes on with \
            the old model, the half-hourly run included. Every step can be repeated, after a crash too; one that comes too \
            early or too late says so, with exit status 78 and the step that is next. All need the table embedding_state, \
            and all but plan and verify the owner of the table.

              embedding-job backfill plan        # where the change stands, and what it will cost
              embedding-job backfill run         # several processes may share the work
              embedding-job backfill verify
              embedding-job backfill cutover     # searches must change to the new model's encoder with it
              embedding-job backfill rollback    # if need be
              embedding-job backfill drop-old --yes
            """,
        subcommands: [
            BackfillPlanCommand.self, BackfillRunCommand.self, BackfillVerifyCommand.self, BackfillCutoverCommand.self,
            BackfillRollbackCommand.self, BackfillDropOldCommand.self,
        ])
}
