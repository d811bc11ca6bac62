import ComputeTestSupport
import Foundation
import JobTestSupport
import Testing

/// What `--device` promises, on an emulated GPU that the executable opens as it would open NVIDIA's libraries.
@Suite("embedding-job with --device", .timeLimit(.minutes(30)))
struct DeviceTests {
    private static let texts = (0..<120).map { #"{"text":"\#(words[$0 % 7]) \#($0) \#(words[$0 % 5]) ice"}"# }
    private static let words = ["sea", "rain", "a b c", "j i h g f", "", "wind 7", "d"]
    private let job: BuiltExecutable

    init() throws {
        job = try BuiltExecutable()
        try job.write(Self.texts.joined(separator: "\n"), to: "texts.jsonl")
    }

    private func encode(
        _ arguments: [String], _ environment: [String: String] = [:], model: String = Fixtures.toyModel,
        input: String = "texts.jsonl"
    ) async throws -> (outcome: BuiltExecutable.Outcome, vectors: NumPyArray?) {
        let name = "\(UUID().uuidString).npy"
        let outcome = try await job.run(
            ["encode", "--model", model, "--input", input, "--output", name] + arguments, environment: environment)
        return (outcome, try? NumPyArray(job.read(name)))
    }

    @Test("cuda gives the processor's vectors, and says what computed them", arguments: ["exact", "fast"])
    func cuda(precision: String) async throws {
        let gpu = try EmulatedGPU()
        let (outcome, vectors) = try await encode(
            ["--device", "cuda", "--precision", precision], gpu.environment)
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        let expected = try #require(try await encode([]).vectors)
        let difference = LargestDifference(try #require(vectors).values, expected.values)
        #expect(difference.value <= (precision == "exact" ? 1e-5 : 2e-3), "\(difference)")
        #expect((difference.value > 1e-5) == (precision == "fast"), "float16 and float32 differ")

        let device = try #require(try outcome.records("encoded").first?["device"])
        let storage = precision == "exact" ? "float32" : "float16"
        #expect(
            device == "cuda (Emulated device, sm_90, driver 13.0, cuBLAS 13.0.0, NVRTC 13.0, \(storage))")
        let agreed = try outcome.records("the GPU's vectors are those of the processor")
        #expect(agreed.count == 1 && agreed.first?["texts"] == "120")
        let report = try #require(try gpu.takeReport())
        #expect(report.violations == 0 && report.launches > 10)
        #expect(
            report.allocationsAfterFirstLaunch == 0, "memory is allocated before the first text, not while texts come")
    }

    @Test("cuda gives the same bits in whichever order the device runs its threads, and gives everything back")
    func schedules() async throws {
        var results: [[Float]] = []
        for order in ["0", "1", "7"] {
            let gpu = try EmulatedGPU(["FAKE_SCHEDULE": order])
            let (outcome, vectors) = try await encode(["--device", "cuda"], gpu.environment)
            #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
            results.append(try #require(vectors).values)
            let report = try #require(try gpu.takeReport())
            #expect(report.liveObjects == 0 && report.violations == 0)
        }
        #expect(Set(results.map { $0.map(\.bitPattern) }).count == 1)
    }

    @Test("cuda gives real texts the vectors of the reference", .requiresWeights, arguments: ["exact", "fast"])
    func realTexts(precision: String) async throws {
        // Short ones: the emulated device takes milliseconds a token.
        let sentences = try Goldens.sentences().filter { $0.text.utf8.count <= 160 }
        struct Line: Encodable { let text: String }
        let lines = try sentences.map { String(decoding: try JSONEncoder().encode(Line(text: $0.text)), as: UTF8.self) }
        try job.write(lines.joined(separator: "\n"), to: "sentences.jsonl")
        let gpu = try EmulatedGPU()
        let (outcome, vectors) = try await encode(
            ["--device", "cuda", "--precision", precision], gpu.environment, model: Fixtures.realModel,
            input: "sentences.jsonl")
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        let computed = try #require(vectors)
        try #require(computed.rows == sentences.count && sentences.count >= 50)
        let difference = LargestDifference(computed.values, sentences.flatMap(\.vector))
        #expect(difference.value <= (precision == "exact" ? 1e-5 : 5e-4), "\(difference)")
        let cosines = sentences.enumerated().map { row, sentence in
            zip(computed[row], sentence.vector).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        }
        let smallest = try #require(cosines.min())
        #expect(smallest >= (precision == "exact" ? 0.999999 : 0.9999))
        print(
            "emulated GPU, \(precision), \(computed.rows) texts: largest difference \(difference.value), smallest cosine \(smallest)"
        )
    }

    @Test("auto takes the GPU where it can be used")
    func autoOnGPU() async throws {
        let (outcome, _) = try await encode(["--device", "auto"], try EmulatedGPU().environment)
        #expect(outcome.exitStatus == 0)
        #expect(try outcome.records("encoded").first?["device"]?.hasPrefix("cuda (") == true)
    }

    @Test(
        "auto takes the processor where it cannot, and says why in one line",
        arguments: [
            [:], ["FAKE_DEVICES": "0"], ["FAKE_STUB": "1"], ["FAKE_CAPABILITY": "7.0"],
            ["FAKE_FAIL": "nvrtcCompileProgram:1:6"], ["FAKE_MEMORY": "1000000"],
        ] as [[String: String]])
    func autoWithoutGPU(settings: [String: String]) async throws {
        let environment = settings.isEmpty ? [:] : try EmulatedGPU(settings).environment
        let (outcome, vectors) = try await encode(["--device", "auto"], environment)
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        #expect(vectors?.rows == 120)
        #expect(outcome.errorLines.count == 2, "\(outcome.standardError)")
        let reason = try outcome.records("no GPU can be used, so the processor is").first?["reason"]
        #expect(reason?.isEmpty == false)
        #expect(try outcome.records("encoded").first?["device"]?.hasPrefix("cpu (") == true)
    }

    @Test("cpu opens no library of a GPU, and is the default", arguments: [[], ["--device", "cpu"]])
    func cpu(arguments: [String]) async throws {
        let gpu = try EmulatedGPU()
        let (outcome, _) = try await encode(arguments, gpu.environment)
        #expect(outcome.exitStatus == 0)
        #expect(try gpu.takeReport() == nil)
        // Negative control: the report tells whether the libraries were opened.
        _ = try await encode(["--device", "cuda"], gpu.environment)
        #expect(try gpu.takeReport() != nil)
    }

    @Test("takes smaller chunks where memory is short, and says so")
    func smallMemory() async throws {
        // cuBLAS takes 32 MB for each of two workers; their activations of 8,192 tokens do not fit beside that.
        let (outcome, vectors) = try await encode(
            ["--device", "cuda"], try EmulatedGPU(["FAKE_MEMORY": "\(72 << 20)"]).environment)
        #expect(outcome.exitStatus == 0, "\(outcome.standardError)")
        #expect(vectors?.rows == 120)
        let notice = try outcome.records("the GPU has room for small chunks only").first
        #expect(["4096", "2048", "1024"].contains(notice?["tokens_per_chunk"]))
    }

    @Test("bench measures both, draws both, and leaves out what cannot be used")
    func bench() async throws {
        func bench(_ arguments: [String], _ environment: [String: String]) async throws -> BuiltExecutable.Outcome {
            try await job.run(
                [
                    "bench", "--model", Fixtures.toyModel, "--input", "texts.jsonl", "--repetitions", "1",
                    "--batch-sizes", "8,64", "--device", "cpu,cuda",
                ] + arguments, environment: environment)
        }
        let both = try await bench(["--chart", "chart.svg"], try EmulatedGPU().environment)
        #expect(both.exitStatus == 0, "\(both.standardError)")
        let titles = both.outputLines.filter { $0.hasPrefix("toy on ") }
        #expect(titles.count == 2 && titles[0].contains("cpu (") && titles[1].contains("cuda ("))
        let chart = String(decoding: try job.read("chart.svg"), as: UTF8.self)
        #expect(chart.matches(of: /<polyline class="rate"/).count == 2)
        #expect(chart.matches(of: /<polyline class="limit"/).count == 1, "sgemm was measured beside the processor only")

        struct Device: Decodable { let device: String }
        let json = try await bench(["--json"], try EmulatedGPU().environment)
        #expect(
            try JSONDecoder().decode([Device].self, from: json.standardOutput).map { $0.device.prefix(4) }
                == ["cpu ", "cuda"])

        let one = try await bench([], [:])
        #expect(one.exitStatus == 0)
        #expect(one.outputLines.filter { $0.hasPrefix("toy on ") }.count == 1)
        let notice = try one.records("the device is left out").first
        #expect(notice?["device"] == "cuda" && notice?["reason"]?.contains("libcuda.so.1") == true)
    }
}
