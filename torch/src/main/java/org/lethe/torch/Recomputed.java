package org.lethe.torch;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Derivatives by an input that keep the inputs of blocks and no activations inside them, which are computed a second time on the
 * way back: gradient checkpointing (Chen et al. 2016).
 *
 * <p>A network hands its blocks to {@link #of}, which changes nothing unless {@link #derivative} stands around the call. Memory
 * is then that of the blocks' inputs and of the largest block; time that of one more pass forwards. The weights must be frozen.
 */
public final class Recomputed {
    private static final ScopedValue<Recomputed> AROUND = ScopedValue.newInstance();

    private record Block(Tensor in, UnaryOperator<Tensor> block, Tensor out, List<Tensor> read) {
        void keep() { // beyond the scope in which they are
            all().forEach(Tensor::retainReference);
        }

        void release() {
            all().forEach(Tensor::releaseReference);
        }

        private List<Tensor> all() {
            List<Tensor> all = new ArrayList<>(read);
            all.add(in);
            all.add(out);
            return all;
        }
    }

    private final List<Block> blocks = new ArrayList<>();
    private boolean forwards = true;

    private Recomputed() {}

    /** Whether a derivative is being taken here. There is no second one then, so that blocks may use whatever has only the first. */
    public static boolean stands() {
        return AROUND.isBound();
    }

    /**
     * What a block makes of a tensor; it must be a function of that tensor and of nothing else that is differentiated.
     *
     * @param read other tensors that the block reads, except weights
     */
    public static Tensor of(Tensor in, UnaryOperator<Tensor> block, Tensor... read) {
        return AROUND.isBound() && AROUND.get().forwards && in.requires_grad() && GradMode.is_enabled()
                ? AROUND.get().cut(in, block, List.of(read))
                : block.apply(in);
    }

    private Tensor cut(Tensor in, UnaryOperator<Tensor> block, List<Tensor> read) {
        Tensor made = Tensors.within(() -> {
            try (var _ = new NoGradGuard()) {
                return block.apply(in);
            }
        });
        Tensor out = made.detach().requires_grad_(true);
        Block cut = new Block(in, block, out, read);
        cut.keep();
        blocks.add(cut);
        return out;
    }

    /** The derivative of a number by a tensor that it is computed from, a leaf that wants a gradient. */
    public static Tensor derivative(Supplier<Tensor> number, Tensor by) {
        Recomputed pass = new Recomputed();
        try {
            ScopedValue.where(AROUND, pass).run(() -> pass.derive(number, by));
            return by.grad().clone();
        } finally {
            by.mutable_grad().reset();
            pass.blocks.forEach(Block::release);
        }
    }

    private void derive(Supplier<Tensor> number, Tensor by) {
        Tensor value = number.get();
        forwards = false;
        try (var _ = new PointerScope()) {
            back(value, torch.ones_like(value), by);
            while (!blocks.isEmpty()) {
                Block last = blocks.removeLast();
                try {
                    back(last, by);
                } finally {
                    last.release(); // nothing before it needs it
                }
            }
        }
    }

    private void back(Block block, Tensor by) {
        if (!block.out.grad().defined()) {
            return; // nobody used it
        }
        try (var _ = new PointerScope()) {
            Tensor in = block.in.detach().requires_grad_(true);
            Tensor product = torch.grad(
                            new TensorVector(block.block.apply(in)),
                            new TensorVector(in),
                            new TensorVector(block.out.grad()),
                            new BoolOptional(),
                            false,
                            false)
                    .get(0);
            block.out.mutable_grad().reset();
            back(block.in, product, by);
        }
    }

    /** Carries a gradient back to the inputs of the blocks before, and to the leaf itself. */
    private void back(Tensor of, Tensor gradient, Tensor by) {
        TensorVector leaves = new TensorVector(by);
        blocks.forEach(block -> leaves.push_back(block.out));
        // parts between blocks may be passed several times
        torch.backward(new TensorVector(of), new TensorVector(gradient), new BoolOptional(true), false, leaves);
    }
}
