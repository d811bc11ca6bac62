/// What options may ask for at most.
enum Limits {
    /// Rows or texts of a batch, which are in memory together with their vectors; larger batches are no faster.
    static let batchSize = 10_000
    /// Components of a vector, as pgvector has them.
    static let dimension = 16_000
}
