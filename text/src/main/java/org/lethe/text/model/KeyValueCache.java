package org.lethe.text.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;

/**
 * Keys and values of tokens seen so far, so that generating a token costs one token's work. It belongs to the scope in which it
 * is made, with room for a fixed number of tokens from the start.
 */
public final class KeyValueCache {
    private final List<Tensor> keys = new ArrayList<>();
    private final List<Tensor> values = new ArrayList<>();
    private final Tensor mask; // [batch, room], 1 where a token is real
    private int length;

    /** Room for so many rows and tokens. */
    public KeyValueCache(Transformer model, int rows, int room) {
        Architecture a = model.architecture();
        Check.require(room >= 1 && room <= a.positions(), "tokens", room, "1 to " + a.positions());
        for (int l = 0; l < a.layers(); l++) {
            keys.add(model.zeros(rows, a.groups(), room, a.headDims()));
            values.add(model.zeros(rows, a.groups(), room, a.headDims()));
        }
        mask = torch.zeros(rows, room).to(keys.getFirst().device(), org.bytedeco.pytorch.global.torch.ScalarType.Long);
    }

    /** Tokens so far. */
    public int length() {
        return length;
    }

    /** Takes in the mask of new tokens and returns that of all tokens so far, {@code [batch, length + new]}. */
    Tensor masked(Tensor added) {
        long count = added.size(1);
        Check.require(length + count <= mask.size(1), "tokens", length + count, "at most " + mask.size(1));
        mask.narrow(1, length, count).copy_(added);
        return mask.narrow(1, 0, length + count);
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
        room.narrow(2, length, added.size(2)).copy_(added);
        return room.narrow(2, 0, length + added.size(2));
    }

    /** Counts new tokens, once all layers have taken theirs. */
    void advance(long count) {
        length += (int) count;
    }

    /** Keys of a layer, {@code [batch, groups, length, head]}. */
    Tensor keys(int layer) {
        return keys.get(layer).narrow(2, 0, length);
    }

    /** Values of a layer. */
    Tensor values(int layer) {
        return values.get(layer).narrow(2, 0, length);
    }
}
