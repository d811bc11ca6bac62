public import BatchJob
public import DatasetTable
public import Logging

internal import Postgres

/// A change of the table's model.
extension DatasetFixture {
    /// The fingerprint of the model that the table is to have.
    public static let nextModel = Fingerprint([UInt8](repeating: 0xAB, count: 32))
    /// The column that the change makes for it.
    public static let nextColumn = "embedding_abababababab"

    /// A change from the stub's model to another one.
    public func change(
        to model: Fingerprint = Self.nextModel, dimension: Int = 6, url: String? = nil, log: Logger? = nil,
        control: RunControl = RunControl(), _ configure: (inout EmbeddingRun.Options) -> Void = { _ in }
    ) -> ModelChange {
        var options = EmbeddingRun.Options()
        configure(&options)
        return ModelChange(
            names: names, model: TargetModel(name: "next", fingerprint: model, dimension: dimension), options: options,
            control: control, connector: connector(url: url, options, log: log), log: log ?? self.log)
    }
}
