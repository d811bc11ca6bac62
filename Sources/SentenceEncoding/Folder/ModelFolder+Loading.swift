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
        let checkpoint = try weights.open()
        let tag = configuration.modelType + "."
        let prefix = checkpoint.has(tag + "embeddings.word_embeddings.weight") ? tag : ""
        let tensor = tensorSource(checkpoint, prefix)
        let pooling = SentencePooling(strategy: pooling, normalizes: scalesToUnitLength)
        let encoder: any TransformerEncoder<Backend>
        switch configuration.architecture {
        case .bert(let typeVocabSize):
            encoder = try BERTEncoder(
                configuration: configuration, typeVocabSize: typeVocabSize, pooling: pooling, backend: backend,
                tensor: tensor)
        case .mpnet:
            encoder = try MPNetEncoder(
                configuration: configuration, pooling: pooling, backend: backend, tensor: tensor)
        }
        // Afterwards, for a tensor under a wrong name is first of all one that is missing.
        try refuseUnread(checkpoint, prefix)
        return encoder
    }

    /// The tensors of the checkpoint under the names of the bare model.
    ///
    /// A checkpoint that was saved with a head for training has the architecture's name before each: `bert.` or `mpnet.`.
    /// Early conversions call a normalization's weight and bias `gamma` and `beta`.
    private func tensorSource(_ checkpoint: Checkpoint, _ prefix: String) -> TensorSource {
        { (name, shape) throws(SentenceEncodingError) in
            let full = prefix + name
            let found = checkpoint.has(full) ? full : Self.earlyName(of: full).flatMap { checkpoint.has($0) ? $0 : nil }
            guard let file = checkpoint.file(of: found ?? full) else { throw .fileMissing(path, .copyAgain) }
            do throws(SafetensorsError) {
                return try file.floats(named: found ?? full, shape: shape)
            } catch {
                throw .weights(error)
            }
        }
    }

    private static func earlyName(of name: String) -> String? {
        for (usual, early) in [("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta")]
        where name.hasSuffix(usual) {
            return name.dropLast(usual.count) + early
        }
        return nil
    }

    /// Refuses tensors that belong to the encoder and that nobody reads.
    ///
    /// A layer more than `config.json` says, an adapter, other positions: they would be left out in silence, and the fingerprint, which trusts the weights, would not show it.
    private func refuseUnread(_ checkpoint: Checkpoint, _ prefix: String) throws(SentenceEncodingError) {
        let known = configuration.tensorNames
        // Which of two names of one tensor the reference takes depends on their order in the file.
        for name in known {
            let full = prefix + name
            for other in [Self.earlyName(of: full), prefix.isEmpty ? nil : name].compactMap(\.self)
            where checkpoint.has(full) && checkpoint.has(other) {
                throw .ambiguousTensor(file: checkpoint.file(of: full)?.path ?? path, tensor: full, other: other)
            }
        }
        for full in checkpoint.tensorNames where full.hasPrefix(prefix) {
            let name = String(full.dropFirst(prefix.count))
            guard name.hasPrefix("embeddings.") || name.hasPrefix("encoder."), !known.contains(name) else { continue }
            let layers = configuration.numHiddenLayers
            if let layer = name.split(separator: ".").dropFirst(2).first.flatMap({ Int($0) }), layer >= layers,
                name.hasPrefix("encoder.layer.")
            {
                throw .unsupported(
                    file: path + "/config.json", key: "num_hidden_layers", value: String(layers),
                    supported: "the number of layers in the weights, which have more")
            }
            throw .unknownTensor(file: checkpoint.file(of: full)?.path ?? path, tensor: full)
        }
    }
}

extension TransformerConfiguration {
    /// What a checkpoint may call the tensors below `embeddings` and `encoder`.
    fileprivate var tensorNames: Set<String> {
        // Positions and segments that some versions save along, counted from 0 as ever.
        var names: Set<String> = ["embeddings.position_ids", "embeddings.token_type_ids"]
        func add(_ prefix: String, _ parts: [String]) {
            for part in parts { names.formUnion(["weight", "bias"].map { "\(prefix)\(part).\($0)" }) }
        }
        func addNorms(_ prefix: String, _ parts: [String]) {
            add(prefix, parts)
            for part in parts { names.formUnion(["gamma", "beta"].map { "\(prefix)\(part).\($0)" }) }
        }
        let isMPNet = architecture == .mpnet
        names.formUnion(
            ["word", "position"].map { "embeddings.\($0)_embeddings.weight" }
                + [isMPNet ? "encoder.relative_attention_bias.weight" : "embeddings.token_type_embeddings.weight"])
        addNorms("embeddings.", ["LayerNorm"])
        for layer in 0..<numHiddenLayers {
            let prefix = "encoder.layer.\(layer)."
            add(prefix, ["intermediate.dense", "output.dense"])
            add(
                prefix + "attention.",
                isMPNet
                    ? ["attn.q", "attn.k", "attn.v", "attn.o"]
                    : ["self.query", "self.key", "self.value", "output.dense"])
            addNorms(prefix, ["output.LayerNorm", isMPNet ? "attention.LayerNorm" : "attention.output.LayerNorm"])
        }
        return names
    }
}
