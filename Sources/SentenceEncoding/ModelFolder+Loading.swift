package import Compute
import Safetensors

extension ModelFolder {
    /// Loads the weights onto a backend, as the architecture that the folder names.
    package func loadEncoder<Backend: ComputeBackend>(
        on backend: Backend
    ) throws(SentenceEncodingError) -> any TransformerEncoder<Backend> {
        for (key, width) in [
            ("hidden_size", configuration.hiddenSize), ("intermediate_size", configuration.intermediateSize),
        ] where !width.isMultiple(of: backend.columnMultiple) {
            throw .unsupported(
                file: path + "/config.json", key: key, value: String(width),
                supported: "a multiple of \(backend.columnMultiple)")
        }
        let tensor = try tensorSource()
        let pooling = SentencePooling(strategy: pooling, normalizes: normalizes)
        switch configuration.architecture {
        case .bert(let typeVocabSize):
            return try BERTEncoder(
                configuration: configuration, typeVocabSize: typeVocabSize, pooling: pooling, backend: backend,
                tensor: tensor)
        case .mpnet:
            return try MPNetEncoder(configuration: configuration, pooling: pooling, backend: backend, tensor: tensor)
        }
    }

    /// The tensors of the checkpoint under the names of the bare model.
    ///
    /// A checkpoint that was saved with a head for training has the architecture's name before each: `bert.` or `mpnet.`.
    private func tensorSource() throws(SentenceEncodingError) -> TensorSource {
        let checkpoint: SafetensorsFile
        do throws(SafetensorsError) {
            checkpoint = try SafetensorsFile(contentsOf: path + "/model.safetensors")
        } catch {
            throw .weights(error)
        }
        let tag = configuration.modelType + "."
        let isPrefixed = checkpoint.tensor(named: tag + "embeddings.word_embeddings.weight") != nil
        let prefix = isPrefixed ? tag : ""
        // A layer more would be left out in silence, and the fingerprint, which trusts the weights, would not show it.
        let layers = configuration.numHiddenLayers
        guard checkpoint.tensor(named: "\(prefix)encoder.layer.\(layers).output.dense.weight") == nil else {
            throw .unsupported(
                file: path + "/config.json", key: "num_hidden_layers", value: String(layers),
                supported: "the number of layers in model.safetensors, which has more")
        }
        return { (name, shape) throws(SentenceEncodingError) in
            do throws(SafetensorsError) {
                return try checkpoint.floats(named: prefix + name, shape: shape)
            } catch {
                throw .weights(error)
            }
        }
    }
}
