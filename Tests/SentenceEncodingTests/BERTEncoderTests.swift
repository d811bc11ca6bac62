import CPUCompute
import ComputeTestSupport
import SentenceEncoding
import Testing

// The gate is 1e-5 in every stage. The cosine would not do: a GELU by tanh and a wrong ε pass it.
@Suite("The encoder equals the reference implementation, stage by stage")
struct BERTEncoderTests {
    private let cpu = CPUBackend(workerCount: 1)

    @Test("a two-layer toy on the CPU backend", arguments: GEMMEngine.allCases)
    func toyOnCPU(engine: GEMMEngine) throws {
        let cpu = CPUBackend(workerCount: 1, gemm: engine)
        let goldens = try StageGoldens(Fixtures.path("toy/expected.safetensors"), hidden: 32)
        let differences = try goldens.compare(ModelFolder(path: Fixtures.toyModel).loadEncoder(on: cpu), on: cpu)
        #expect(differences.count == 5, "embeddings, two layers, pooled and normalized")
    }

    @Test("a two-layer toy on the reference backend, which so is a reference")
    func toyOnReference() throws {
        let goldens = try StageGoldens(Fixtures.path("toy/expected.safetensors"), hidden: 32)
        let reference = ReferenceBackend()
        let differences = try goldens.compare(
            ModelFolder(path: Fixtures.toyModel).loadEncoder(on: reference), on: reference)
        #expect(differences.count == 5)
    }

    @Test("all-MiniLM-L6-v2 on the CPU backend", .requiresWeights, arguments: GEMMEngine.allCases)
    func realModel(engine: GEMMEngine) throws {
        let cpu = CPUBackend(workerCount: 1, gemm: engine)
        let goldens = try StageGoldens(Fixtures.path("stages.safetensors"), hidden: 384)
        let differences = try goldens.compare(ModelFolder(path: Fixtures.realModel).loadEncoder(on: cpu), on: cpu)
        #expect(differences.count == 9, "embeddings, six layers, pooled and normalized")
    }

    @Test("one call of encode gives what the stages give", arguments: [true, false])
    func encode(normalizes: Bool) async throws {
        try await withToyModel { folder in
            if !normalizes { try folder.setModules("Transformer", "Pooling") }
            let goldens = try StageGoldens(Fixtures.path("toy/expected.safetensors"), hidden: 32)
            let encoder = try ModelFolder(path: folder.path).loadEncoder(on: cpu)
            let batch = TokenBatch(goldens.texts)
            var workspace = encoder.makeWorkspace(tokens: batch.ids.count)
            let vectors = try encoder.encode(batch, using: &workspace)
            encoder.embed(batch, &workspace)
            for layer in encoder.layers { encoder.apply(layer, batch.boundaries, &workspace) }
            encoder.pool(batch.boundaries, &workspace)
            if normalizes { cpu.normalize(&workspace.pooled) }
            #expect(vectors == cpu.download(workspace.pooled))
        }
    }
}
