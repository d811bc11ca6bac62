/// An operation that can be measured.
struct Microbenchmark {
    /// What `--filter` looks in.
    let name: String
    /// Sets the operation up, which takes memory and may need files.
    let prepare: () throws -> PreparedOperation
}

/// An operation with its operands in memory.
struct PreparedOperation {
    /// What one call of `body` does, in each unit that its rate is reported in.
    let work: [Work]
    /// The operation, called many times.
    let body: () throws -> Void
}

/// An amount that a rate counts.
struct Work {
    /// What is counted.
    enum Unit: String, Encodable {
        /// Floating-point operations as the formula has them: a multiply-add counts as two, padding and comparisons not
        /// at all. Only this unit is compared with the rate of `sgemm`.
        case operations
        case bytes
        case tokens
        case texts
    }

    let amount: Double
    let unit: Unit

    /// Counts the arithmetic of a formula.
    static func operations(_ count: Int) -> Work { Work(amount: Double(count), unit: .operations) }

    /// Counts bytes read or written.
    static func bytes(_ count: Int) -> Work { Work(amount: Double(count), unit: .bytes) }

    /// Counts tokens made.
    static func tokens(_ count: Int) -> Work { Work(amount: Double(count), unit: .tokens) }

    /// Counts texts taken in.
    static func texts(_ count: Int) -> Work { Work(amount: Double(count), unit: .texts) }
}
