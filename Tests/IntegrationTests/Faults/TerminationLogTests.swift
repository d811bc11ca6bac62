import DatasetTable
import Foundation
import JobTestSupport
import PostgresTestSupport
import Testing

/// The file in which Kubernetes looks for the last words of a container.
@Suite("The termination log", .requiresPostgres, .requiresMountNamespace, .timeLimit(.minutes(30)))
struct TerminationLogTests {
    /// What is at its place, as made by a shell in the folder whose `dev` becomes `/dev`.
    enum Place: String, CaseIterable, Sendable {
        case nothing = "true"
        case file = "touch dev/termination-log && mount --bind termination-log dev/termination-log"
        case readOnlyFile = """
            touch dev/termination-log && mount --bind termination-log dev/termination-log \
            && mount -o remount,bind,ro dev/termination-log
            """
        case folder = "mkdir dev/termination-log"
        case link = "ln -s $PWD/termination-log dev/termination-log"
        case pipeWithoutReader = "mkfifo dev/termination-log"
    }

    @Test(
        "33: a termination log gets the line of JSON; one that cannot be written changes nothing",
        arguments: Place.allCases)
    func written(place: Place) async throws {
        try await withProxiedJob(rows: 40) { job in
            try job.datasets.job.write("before", to: "termination-log")
            // A /dev of the process's own, with the devices that a program may ask for.
            let script = """
                mkdir dev && mount -t tmpfs tmpfs dev
                for name in null urandom; do touch dev/$name && mount --bind /dev/$name dev/$name; done
                \(place.rawValue)
                mount --rbind dev /dev
                exec "$@"
                """
            let launcher = MountNamespace.command + ["/bin/sh", "-ec", script, "sh"]
            let outcome = try await job.start(url: job.database.url, launcher: launcher).outcome()
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            #expect(try RunReportLine(outcome).processed == 40)
            let log = String(decoding: try job.datasets.job.read("termination-log"), as: UTF8.self)
            #expect(log == (place == .file ? outcome.output : "before"))
        }
    }
}
