import Postgres

extension Preflight {
    /// The table that the name means, whatever its columns: for statements that are not about its rows.
    ///
    /// Throws a ``RunFailure`` if it means none, several, or something that is no table.
    package func identify() async throws -> (oid: UInt32, quoted: String, schema: String) {
        try await onTrial {
            var findings = PreflightFindings()
            let relations = try await lookUpTables()
            guard let relation = relations.first else {
                findings.add(try await absence())
                throw findings.failure
            }
            if relations.count > 1 { noteAmbiguity(of: relations, &findings) }
            if let objection = relation.objection { findings.add(objection) }
            guard findings.isEmpty else { throw findings.failure }
            return (relation.oid, relation.quoted, relation.schema)
        }
    }
}
