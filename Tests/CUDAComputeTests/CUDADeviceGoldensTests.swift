import CUDACompute
import Compute
import ComputeTestSupport
import SentenceEncoding
import Testing

// Of the emulated device, or of a GPU: see CUDALibraryFolder. Between stages float16 holds numbers of up to some 20.
@Suite("The encoder on the CUDA backend equals the reference implementation, stage by stage", .timeLimit(.minutes(30)))
struct CUDADeviceGoldensTests {
    private func compare(
        _ folder: String, _ goldens: String, hidden: Int, _ precision: Precision, stages: Int, tolerance: Float? = nil
    ) throws {
        let backend = try CUDABackend(libraryFolders: CUDALibraryFolder.paths(), precision: precision)
        let goldens = try StageGoldens(goldens, hidden: hidden)
        let differences = try goldens.compare(
            ModelFolder(path: folder).loadEncoder(on: backend), on: backend,
            tolerance: precision == .exact ? 1e-5 : 2e-2)
        #expect(differences.count == stages)
        #expect(try #require(differences["normalized"]) <= tolerance ?? precision.tolerance)
    }

    @Test("a two-layer toy", arguments: Precision.allCases)
    func toy(precision: Precision) throws {
        try compare(Fixtures.toyModel, Fixtures.path("toy/expected.safetensors"), hidden: 32, precision, stages: 5)
    }

    @Test(
        "every architecture, activation and pooling", arguments: ["bert-cls", "bert-max", "mpnet"], Precision.allCases)
    func architectures(model: String, precision: Precision) throws {
        let folder = Fixtures.path("architectures/\(model)")
        // The components of a vector of 32 are three to four times as large as those of one of 384, and so is rounding.
        try compare(
            folder, folder + "/expected.safetensors", hidden: 32, precision, stages: 5,
            tolerance: precision == .exact ? 1e-5 : 4 * precision.tolerance)
    }

    @Test("all-MiniLM-L6-v2", .requiresWeights, arguments: Precision.allCases)
    func realModel(precision: Precision) throws {
        try compare(Fixtures.realModel, Fixtures.path("stages.safetensors"), hidden: 384, precision, stages: 9)
    }
}
