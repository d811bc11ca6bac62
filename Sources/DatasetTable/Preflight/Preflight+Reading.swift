import Logging
import Postgres

extension Preflight {
    /// Adds the side tables that this role may read, which is enough for commands that write nothing.
    ///
    /// One that is absent is no cause for a warning here: the numbers that would come from it are missing in the output.
    func addingReadableSideTables(to table: ResolvedTable) async throws(PostgresError) -> ResolvedTable {
        var table = table
        for sideTable in SideTable.usual {
            switch try await sideTable.lookUp(for: table, to: .read, session) {
            case .usable(let quoted): table[sideTable] = quoted
            case .unusable(.absent): break
            case .unusable(let problem): leaveOut(sideTable, problem)
            }
        }
        return table
    }

    /// Says that the numbers of a side table will be missing.
    func leaveOut(_ sideTable: SideTable, _ problem: SideTable.Problem) {
        log.warning(
            "leaving out the side table \(sideTable.rawValue)",
            metadata: metadata([.error: problem.description, .remedy: problem.remedy]))
    }
}
