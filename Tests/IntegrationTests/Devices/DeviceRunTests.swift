import ComputeTestSupport
import Foundation
import JobTestSupport
import Postgres
import PostgresTestSupport
import Testing

/// Whole drains on an emulated GPU.
@Suite("embedding-job run --device cuda", .requiresPostgres, .timeLimit(.minutes(30)))
struct DeviceRunTests {
    private func fill(_ datasets: Datasets, rows: Int) async throws {
        try await datasets.database.run(
            """
            INSERT INTO datasets (title, description, enrichment_status)
                SELECT 'a ' || regexp_replace(n::text, '(.)', '\\1 ', 'g'), 'c ' || n % 7 || repeat(' sea ice', n % 9), 'enriched' FROM generate_series(1, \(rows)) AS n
            """)
    }

    private func run(
        _ datasets: Datasets, device: String = "cuda", _ environment: [String: String] = [:]
    ) async throws -> BuiltExecutable.Outcome {
        try await datasets.job.run(
            ["run", "--batch-size", "40", "--device", device],
            environment: environment.merging(
                ["DATABASE_URL": datasets.database.url, "EMBEDDING_MODEL": Fixtures.toyModel]) { $1 })
    }

    private func written(_ datasets: Datasets) async throws -> Int64? {
        try await datasets.database.query("SELECT count(embedding) FROM datasets").first?.int64(0)
    }

    @Test("drains a table of 300 rows, whose vectors verify takes for the processor's")
    func drains() async throws {
        try await withDatasets { datasets in
            try await fill(datasets, rows: 300)
            let gpu = try EmulatedGPU()
            let outcome = try await run(datasets, gpu.environment)
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            let report = try RunReportLine(outcome)
            #expect(report.processed == 300 && report.failed == 0)
            #expect(outcome.output.contains(#""device":"cuda (Emulated device"#))
            #expect(try outcome.records("the GPU's vectors are those of the processor").count == 1)
            #expect(try #require(try gpu.takeReport()).violations == 0)
            let verified = try await datasets.run(["verify", "--sample", "300"])
            #expect(verified.exitStatus == 0 && verified.output.contains(#""exact":300"#), "\(verified.output)")
        }
    }

    /// What fails, its how manieth call, and with which code.
    struct Fault: CustomTestStringConvertible {
        let function: String
        let nth: Int
        let code: Int

        var testDescription: String { "\(function), call \(nth)" }
    }

    @Test(
        "that breaks in the middle ends with 70, blames no row, writes nothing after it and keeps none to itself",
        arguments: [
            Fault(function: "cuLaunchKernel", nth: 100, code: 719), Fault(function: "cublasGemmEx", nth: 60, code: 14),
            Fault(function: "cuStreamSynchronize", nth: 40, code: 700),
            Fault(function: "cuMemcpyDtoHAsync_v2", nth: 4, code: 719),
            Fault(function: "cuMemcpyHtoDAsync_v2", nth: 46, code: 700),
        ])
    func breaks(fault: Fault) async throws {
        try await withDatasets { datasets in
            try await fill(datasets, rows: 300)
            let outcome = try await run(datasets, try EmulatedGPU().failing(fault.function, fault.nth, fault.code))
            #expect(outcome.exitStatus == 70, "\(outcome.standardError)")
            let report = try RunReportLine(outcome)
            #expect(report.exitReason == "device" && report.failed == 0)
            #expect(outcome.standardError.contains("the device failed: "), "\(outcome.standardError)")
            let stored = try await written(datasets)
            #expect(stored == Int64(report.processed) && report.processed < 300)
            #expect(
                try await datasets.database.query("SELECT count(*) FROM embedding_failure").first?.int64(0) == 0)
            // Nothing is held back: the processor takes all the rest.
            let rest = try RunReportLine(try await run(datasets, device: "cpu"))
            #expect(rest.processed == 300 - report.processed && rest.exitReason == "drained")
            let verified = try await datasets.run(["verify", "--sample", "300"])
            #expect(verified.output.contains(#""exact":300"#), "\(verified.output)")
        }
    }

    @Test("that computes something else than the processor writes nothing and ends with 70")
    func disagrees() async throws {
        try await withDatasets { datasets in
            try await fill(datasets, rows: 300)
            let outcome = try await run(datasets, try EmulatedGPU(["FAKE_ERROR": "5"]).environment)
            #expect(outcome.exitStatus == 70, "\(outcome.standardError)")
            #expect(try RunReportLine(outcome).exitReason == "device")
            #expect(outcome.standardError.contains("another vector than the processor, off by 0."))
            #expect(try await written(datasets) == 0)
        }
    }

    @Test("that cannot use the GPU claims no row")
    func refused() async throws {
        try await withDatasets { datasets in
            try await fill(datasets, rows: 3)
            let outcome = try await run(datasets, try EmulatedGPU(["FAKE_DEVICES": "0"]).environment)
            try outcome.expectRefusal(78, "configuration", naming: ["CUDA_ERROR_NO_DEVICE"])
            #expect(try await written(datasets) == 0)
        }
    }

    @Test("ends after the batches in hand when it is told to stop, and the next run takes the rest")
    func stops() async throws {
        try await withDatasets { datasets in
            try await fill(datasets, rows: 3000)
            let run = try datasets.job.start(
                ["run", "--batch-size", "40", "--device", "cuda"],
                environment: try EmulatedGPU().environment.merging(
                    ["DATABASE_URL": datasets.database.url, "EMBEDDING_MODEL": Fixtures.toyModel]) { $1 })
            try await run.waitUntil(logged: "the GPU's vectors are those of the processor")
            run.send(SIGTERM)
            let outcome = try await run.outcome()
            #expect(outcome.exitStatus == 143, "\(outcome.standardError)")
            let report = try RunReportLine(outcome)
            #expect(report.exitReason == "signal" && report.processed < 3000)
            #expect(try await written(datasets) == Int64(report.processed))
            let rest = try RunReportLine(try await self.run(datasets, device: "cpu"))
            #expect(rest.processed == 3000 - report.processed)
        }
    }
}
