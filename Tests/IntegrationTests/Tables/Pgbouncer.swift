import Foundation
import PostgresTestSupport
import Testing

/// The pooler of `Scripts/test-servers`, whose URL `Scripts/test` exports.
enum Pgbouncer {
    fileprivate static var url: String? {
        ProcessInfo.processInfo.environment["EMBEDDING_TEST_PGBOUNCER_URL"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A database through the pooler.
    static func url(of database: TemporaryDatabase) throws -> String {
        var components = try #require(url.flatMap { URLComponents(string: $0) })
        components.path = "/" + database.name
        return try #require(components.string)
    }
}

extension Trait where Self == ConditionTrait {
    static var requiresPgbouncer: Self {
        .enabled(if: Pgbouncer.url != nil, "run Scripts/test, which starts the servers of Scripts/test-servers")
    }
}
