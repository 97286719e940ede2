package org.lethe.text.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Check;
import org.lethe.torch.Tensors;

/**
 * Keys and values of tokens seen so far, so that generating a token costs one token's work. It belongs to the scope in which it
 * is made, with room for a fixed number of tokens from the start.
 */
public final class KeyValueCache {
    private final List<Tensor> keys = new ArrayList<>();
    private final List<Tensor> values = new ArrayList<>();
    private final Tensor mask; // [batch, room], 1 where a token is real
    private int rows;
    private int length;

    /** Room for so many rows, and tokens of each with its padding. */
    public KeyValueCache(Transformer model, int rows, int room) {
        Architecture a = model.architecture();
        Check.require(rows >= 1, "rows", rows, "at least 1");
        Check.require(room >= 1, "room", room, "at least 1");
        this.rows = rows;
        for (int l = 0; l < a.layers(); l++) {
            keys.add(model.zeros(rows, a.groups(), room, a.headDims()));
            values.add(model.zeros(rows, a.groups(), room, a.headDims()));
        }
        mask = torch.zeros(rows, room).to(keys.getFirst().device(), ScalarType.Long);
    }

    /** Tokens of a row so far, with its padding. */
    public int length() {
        return length;
    }

    /** Rows that are left. */
    public int rows() {
        return rows;
    }

    /** Keeps some rows, in this order, and drops the others, so that finished texts cost nothing more. */
    public void keep(int... kept) {
        Check.require(kept.length >= 1 && kept.length <= rows, "rows", kept.length, "1 to " + rows);
        try (var _ = new PointerScope()) {
            Tensor which = Tensors.of(kept, kept.length).to(mask.device(), ScalarType.Long);
            for (int l = 0; l < keys.size(); l++) {
                move(keys(l), which);
                move(values(l), which);
            }
            move(mask, which);
        }
        rows = kept.length;
    }

    private static void move(Tensor all, Tensor which) {
        all.narrow(0, 0, which.size(0)).copy_(all.index_select(0, which));
    }

    /** Takes in the mask of new tokens and returns that of all tokens so far, {@code [batch, length + new]}. */
    Tensor masked(Tensor added) {
        long count = added.size(1);
        Check.require(added.size(0) == rows, "rows", added.size(0), String.valueOf(rows));
        Check.require(length + count <= mask.size(1), "tokens", length + count, "at most " + mask.size(1));
        Tensor own = mask.narrow(0, 0, rows);
        own.narrow(1, length, count).copy_(added);
        return own.narrow(1, 0, length + count);
    }

    /** Keys of a layer with new ones, {@code [batch, groups, length + new, head]}. */
    Tensor keys(int layer, Tensor added) {
        return extended(keys.get(layer), added);
    }

    /** Values of a layer with new ones. */
    Tensor values(int layer, Tensor added) {
        return extended(values.get(layer), added);
    }

    private Tensor extended(Tensor room, Tensor added) {
        Tensor own = room.narrow(0, 0, rows);
        own.narrow(2, length, added.size(2)).copy_(added);
        return own.narrow(2, 0, length + added.size(2));
    }

    /** Counts new tokens, once all layers have taken theirs. */
    void advance(long count) {
        length += (int) count;
    }

    /** Keys of a layer, {@code [batch, groups, length, head]}. */
    Tensor keys(int layer) {
        return keys.get(layer).narrow(0, 0, rows).narrow(2, 0, length);
    }

    /** Values of a layer. */
    Tensor values(int layer) {
        return values.get(layer).narrow(0, 0, rows).narrow(2, 0, length);
    }
}
