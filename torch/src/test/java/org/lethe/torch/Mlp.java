package org.lethe.torch;

import static org.bytedeco.pytorch.global.torch.addmm;
import static org.bytedeco.pytorch.global.torch.mse_loss;
import static org.bytedeco.pytorch.global.torch.tanh;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Workers;
import org.lethe.numerics.Keyed;

/** A small network that learns the sum of squares of its inputs: the fixture of tests about training. */
final class Mlp {
    static final int INPUTS = 8;

    private Mlp() {}

    static Parameters parameters(int width) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        all.put(
                "first.weight",
                Tensors.of(new float[width * INPUTS], width, INPUTS).requires_grad_(true));
        all.put("first.bias", Tensors.of(new float[width], width).requires_grad_(true));
        all.put("last.weight", Tensors.of(new float[width], 1, width).requires_grad_(true));
        all.put("last.bias", Tensors.of(new float[1], 1).requires_grad_(true));
        Parameters parameters = Parameters.of(all);
        parameters.draw(
                Keyed.seed(11),
                (name, tensor) -> Optional.of(tensor.dim() == 2 ? Initial.XAVIER_UNIFORM : Initial.ZERO),
                Workers.here());
        return parameters;
    }

    /** The tensor of a name, which is there. */
    static Tensor named(Map<String, Tensor> tensors, String name) {
        return Optional.ofNullable(tensors.get(name)).orElseThrow();
    }

    static Tensor output(Parameters p, Tensor x) {
        Tensor hidden =
                tanh(addmm(p.tensor("first.bias"), x, p.tensor("first.weight").t()));
        return addmm(p.tensor("last.bias"), hidden, p.tensor("last.weight").t()); // [batch, 1]
    }

    record Batch(Tensor x, Tensor y) {}

    static Batch batch(int rows, Keyed key) {
        float[] x = new float[rows * INPUTS];
        float[] y = new float[rows];
        for (int n = 0; n < x.length; n++) {
            x[n] = (float) Keyed.normal(key.at(n));
            y[n / INPUTS] += x[n] * x[n] / INPUTS;
        }
        return new Batch(Tensors.of(x, rows, INPUTS), Tensors.of(y, rows, 1));
    }

    /** Fresh batches every step, a little dropout, and validation on fixed ones. */
    record Task(Parameters parameters, int rows, double dropout) implements Training.Objective<Batch> {
        @Override
        public String name() {
            return "mlp";
        }

        @Override
        public Batch batch(long step, int part, Keyed key) {
            return Mlp.batch(rows, key);
        }

        @Override
        public Tensor loss(Batch batch, Keyed key) {
            return mse_loss(output(parameters, Tensors.dropout(batch.x, dropout, key)), batch.y);
        }

        @Override
        public double weight(Batch batch) {
            return batch.x.size(0);
        }

        @Override
        public double validate() {
            return loss(Mlp.batch(256, Keyed.seed(99)), Keyed.seed(0)).item_double();
        }
    }

    static float[] values(Parameters parameters) {
        float[] all = new float[(int) parameters.size()];
        int at = 0;
        for (Tensor tensor : parameters.distinct().values()) {
            float[] own = Tensors.floats(tensor.detach());
            System.arraycopy(own, 0, all, at, own.length);
            at += own.length;
        }
        return all;
    }
}
