import ComputeTestSupport
import DatasetTable
import Foundation
import JobTestSupport
import PostgresTestSupport
import SentenceEncoding
import Testing

@Suite("embedding-job model")
struct ModelCommandTests {
    private let mpnet = Fixtures.path("architectures/mpnet")

    @Test("prints what the folder says, and what the fingerprint is made of")
    func table() async throws {
        let outcome = try await BuiltExecutable().run(["model", "--model", mpnet])
        #expect(outcome.exitStatus == 0 && outcome.standardError.isEmpty)
        let lines = outcome.outputLines
        for line in [
            "model                     mpnet", "architecture              mpnet", "dimension                 32",
            "activation                gelu", "layer norm epsilon        1e-05", "pooling                   mean",
            "normalizes                true", "max tokens                140",
            "special tokens            <s> </s> [UNK] <pad> <mask>", "canaries                  0",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        let fingerprint = try ModelFingerprint(of: ModelFolder(path: mpnet), template: InputTemplate.definition)
        #expect(lines.contains("fingerprint               \(fingerprint.hexadecimal)"))
        #expect(Array(lines.suffix(fingerprint.lines.count)) == fingerprint.lines.map { "    " + $0 })
    }

    @Test("prints the same as one line of JSON")
    func json() async throws {
        struct Line: Decodable {
            let architecture, pooling, fingerprint, model_fingerprint, weights_sha256: String
            let dimension, max_tokens, layers, heads, canaries: Int
            let special_tokens, fingerprint_lines: [String]
        }
        let outcome = try await BuiltExecutable().run(["model", "--json", "--model", mpnet])
        #expect(outcome.exitStatus == 0 && outcome.outputLines.count == 1)
        let line = try JSONDecoder().decode(Line.self, from: Data(outcome.output.utf8))
        let folder = try ModelFolder(path: mpnet)
        let fingerprint = try ModelFingerprint(of: folder, template: InputTemplate.definition)
        #expect(line.fingerprint == fingerprint.hexadecimal && line.fingerprint_lines == fingerprint.lines)
        #expect(line.model_fingerprint == (try ModelFingerprint(of: folder, template: nil).hexadecimal))
        #expect(line.weights_sha256 == "\(folder.weightsDigest)")
        #expect(line.architecture == "mpnet" && line.pooling == "mean" && line.max_tokens == 140)
        #expect(line.dimension == 32 && line.layers == 2 && line.heads == 4 && line.canaries == 0)
        #expect(line.special_tokens == ["<s>", "</s>", "[UNK]", "<pad>", "<mask>"])
    }

    @Test("refuses what a run would refuse, with the status of a wrong configuration")
    func refusal() async throws {
        let job = try BuiltExecutable()
        let toy = try ToyModel(in: job, named: "model", .unsupportedActivation)
        let outcome = try await job.run(["model", "--model", toy.path])
        #expect(outcome.exitStatus == 78 && outcome.output.isEmpty)
        #expect(outcome.standardError.contains("hidden_act is silu"))
    }

    @Test("a run with a canary that gets another vector ends with status 70 and writes nothing", .requiresPostgres)
    func canary() async throws {
        try await withDatasets { datasets in
            try await datasets.database.run(
                "INSERT INTO datasets (title, enrichment_status, is_active) VALUES ('sea ice', 'enriched', true)")
            let folder = datasets.job.folder.appending(path: "model")
            try FileManager.default.copyItem(at: URL(filePath: Fixtures.toyModel), to: folder)
            let numbers = [String](repeating: "0.176", count: 32).joined(separator: ",")
            try datasets.job.write("[{\"text\": \"sea ice\", \"vector\": [\(numbers)]}]", to: "model/canary.json")
            let outcome = try await datasets.run(["run", "--model", folder.path])
            #expect(outcome.exitStatus == 70)
            #expect(outcome.output.contains("\"processed\":0") && outcome.output.contains("\"exit_reason\":\"canary\""))
            let written = try await datasets.database.query("SELECT id FROM datasets WHERE embedding IS NOT NULL")
            #expect(written.isEmpty)
        }
    }
}
