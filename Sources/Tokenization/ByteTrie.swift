/// Byte strings and their ids, arranged so that the longest one that starts at a given place is found in a single walk.
///
/// Nodes are numbers. All edges live in one open-addressing hash table of packed words: node and byte in the upper
/// half, the child in the lower half. The root is 0 and nobody's child, so a zero word is a free slot.
struct ByteTrie: Sendable {
    typealias Node = UInt32

    static let root: Node = 0
    static let noID: Int32 = -1

    /// A node number shares 32 bits with a byte.
    static let maxByteCount = (1 << 24) - 1

    /// The id of the string that ends at a node, or `noID`.
    private var ids: [Int32] = [noID]
    /// A power of two of slots, at most half of them taken.
    private var slots: [UInt64]

    init() {
        slots = Array(repeating: 0, count: 1024)
    }

    /// Adds `bytes` unless they are there already; returns the id that they had before.
    ///
    /// - Precondition: all strings together have at most `maxByteCount` bytes.
    mutating func insert(_ bytes: some Sequence<UInt8>, id: Int32) -> Int32? {
        var node = Self.root
        for byte in bytes {
            node = child(of: node, on: byte) ?? addChild(of: node, on: byte)
        }
        let present = ids[Int(node)]
        guard present == Self.noID else { return present }
        ids[Int(node)] = id
        return nil
    }

    /// The id of exactly the string that leads to `node`.
    func id(at node: Node) -> Int32? {
        let id = ids[Int(node)]
        return id == Self.noID ? nil : id
    }

    /// The node that `bytes` lead to from `start`.
    func node(after bytes: some Sequence<UInt8>, from start: Node = root) -> Node? {
        var node = start
        for byte in bytes {
            guard let next = child(of: node, on: byte) else { return nil }
            node = next
        }
        return node
    }

    /// The longest string that `bytes` hold at `start`: its id and the place behind it.
    @inline(__always)
    func longestMatch(in bytes: Span<UInt8>, from start: Int, under node: Node) -> (id: Int32, end: Int)? {
        let slots = slots.span
        let ids = ids.span
        var node = node
        var match: (id: Int32, end: Int)?
        var position = start
        while position < bytes.count, let next = Self.child(of: node, on: bytes[position], in: slots) {
            node = next
            position += 1
            let id = ids[Int(node)]
            if id != Self.noID {
                match = (id, position)
            }
        }
        return match
    }
}

extension ByteTrie {
    private func child(of node: Node, on byte: UInt8) -> Node? {
        Self.child(of: node, on: byte, in: slots.span)
    }

    @inline(__always)
    private static func child(of node: Node, on byte: UInt8, in slots: Span<UInt64>) -> Node? {
        let key = node << 8 | Node(byte)
        var index = firstSlot(of: key, slotCount: slots.count)
        while true {
            let slot = slots[index]
            if slot == 0 { return nil }
            if slot >> 32 == key { return Node(truncatingIfNeeded: slot) }
            index = (index + 1) & (slots.count - 1)
        }
    }

    private mutating func addChild(of node: Node, on byte: UInt8) -> Node {
        let child = Node(ids.count)
        ids.append(Self.noID)
        if ids.count * 2 > slots.count {
            let edges = slots
            slots = Array(repeating: 0, count: edges.count * 2)
            for edge in edges where edge != 0 {
                store(edge)
            }
        }
        store(UInt64(node << 8 | Node(byte)) << 32 | UInt64(child))
        return child
    }

    private mutating func store(_ edge: UInt64) {
        var index = Self.firstSlot(of: Node(edge >> 32), slotCount: slots.count)
        while slots[index] != 0 {
            index = (index + 1) & (slots.count - 1)
        }
        slots[index] = edge
    }

    /// Fibonacci hashing: the upper bits of the product with 2⁶⁴ / φ.
    @inline(__always)
    private static func firstSlot(of key: UInt32, slotCount: Int) -> Int {
        let product = UInt64(key) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: product >> 32) & (slotCount - 1)
    }
}
