import Foundation

/// A node of a plan, as far as it matters here.
struct PlanNode: Decodable {
    let type: String
    let relation: String?
    let index: String?
    /// How often it was executed.
    let loops: Double
    let children: [PlanNode]

    private enum CodingKeys: String, CodingKey {
        case type = "Node Type"
        case relation = "Relation Name"
        case index = "Index Name"
        case loops = "Actual Loops"
        case children = "Plans"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        type = try container.decode(String.self, forKey: .type)
        relation = try container.decodeIfPresent(String.self, forKey: .relation)
        index = try container.decodeIfPresent(String.self, forKey: .index)
        loops = try container.decode(Double.self, forKey: .loops)
        children = try container.decodeIfPresent([PlanNode].self, forKey: .children) ?? []
    }

    /// The node and all below it.
    var all: [PlanNode] { [self] + children.flatMap(\.all) }

    /// The nodes of a plan, as `EXPLAIN (ANALYZE, FORMAT JSON)` prints it, that were executed at all.
    static func executed(in text: String) throws -> [PlanNode] {
        struct Statement: Decodable {
            let plan: PlanNode

            private enum CodingKeys: String, CodingKey {
                case plan = "Plan"
            }
        }
        let statements = try JSONDecoder().decode([Statement].self, from: Data(text.utf8))
        return statements.flatMap(\.plan.all).filter { $0.loops > 0 }
    }

    /// Whether any of the nodes finds the nearest vectors by their index.
    static func usesNearest(_ nodes: [PlanNode]) -> Bool {
        nodes.contains { $0.type == "Index Scan" && $0.index == "datasets_nearest" }
    }
}
