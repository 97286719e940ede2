package org.lethe.recsys.neural;

import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Check;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.LetheException;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.recsys.sequence.NextItemRanking;
import org.lethe.statistics.Statistics;
import org.lethe.torch.Devices;
import org.lethe.torch.Parameters;
import org.lethe.torch.Schedule;
import org.lethe.torch.Training;
import org.lethe.torch.UpdateRule;

/**
 * Trains networks of the next item: each training click that has one before it in its session is an example.
 *
 * <p>An epoch passes over the examples in the order of a keyed draw, in batches of nearly equal size. After each epoch the
 * validation examples are ranked, at most 2,000 of them and no more than there are examples of training. The result is the model
 * of the best Recall@20. Without validation examples all epochs run and the last one counts.
 */
record NextTraining(int epochs, int batch, double learningRate, int patience) {
    private static final int TOP = 20;
    private static final int MOST = 2_000; // validation examples, so that judging costs less than training

    NextTraining {
        Check.require(epochs >= 1, "epochs", epochs, "at least 1");
        Check.require(batch >= 1, "batch", batch, "at least 1");
        Check.require(learningRate > 0 && learningRate < 1e3, "learningRate", learningRate, "above 0 and below 1000");
        Check.require(patience >= 0, "patience", patience, "at least 0");
    }

    /** Trains a network from its initial weights. */
    NetworkModel train(String kind, NextNetwork network, Events data, Env env) {
        List<Example> examples = data.examples(Part.TRAIN);
        if (examples.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    kind + ": no session has two training events (" + data + "), expected at least one");
        }
        Devices.ready(env.device());
        try (var _ = new PointerScope();
                var _ = new AutoGradMode(true)) {
            Parameters weights = on(env.device(), network.initial(data.itemCount(), env.random("initial-network")));
            Course course = new Course(kind, network, data.itemCount(), weights, examples, validation(data, env), env);
            course.training().run(weights, course, env);
            env.ledger().count("epochs", course.epochs);
            env.ledger().count("examples-trained", (long) course.epochs * examples.size());
            return NetworkModel.of(kind, network, data.itemCount(), weights);
        }
    }

    private static Parameters on(Device device, Parameters weights) {
        Map<String, Tensor> moved = new LinkedHashMap<>();
        weights.all()
                .forEach((name, tensor) -> moved.put(
                        name, Devices.on(tensor.detach(), device).set_requires_grad(true)));
        return Parameters.of(moved);
    }

    /** The validation examples that are ranked after each epoch, drawn by their numbers. */
    static List<Example> validation(Events data, Env env) {
        List<Example> all = data.examples(Part.VALIDATION);
        int most = Math.min(MOST, Math.max(1, data.count(Part.TRAIN)));
        if (all.size() <= most) {
            return all;
        }
        env.ledger().count("validation-examples", most);
        Keyed key = env.random("validation examples");
        return all.stream()
                .sorted(Comparator.comparingLong(example -> key.at(example.event())))
                .limit(most)
                .sorted(Comparator.comparingInt(Example::event))
                .toList();
    }

    /**
     * What a training costs.
     *
     * @param perExample multiplications of one example outside the softmax
     * @param width of a state
     */
    Estimate estimate(Events data, double perExample, int width) {
        double examples = data.count(Part.TRAIN);
        double scored = Math.min(MOST, data.count(Part.VALIDATION)) * (double) data.itemCount() * width;
        double trained = examples * (perExample + (double) data.itemCount() * width);
        return new Estimate(
                1 + epochs * (trained * 3e-10 + scored * 1e-10),
                600_000_000L + (long) (16.0 * data.itemCount() * (width + batch)));
    }

    /** A training under way. */
    private final class Course implements Training.Objective<int[]> {
        private final String kind;
        private final NextNetwork network;
        private final int items;
        private final Parameters weights;
        private final List<Example> examples;
        private final List<Example> validation;
        private final Env env;
        private final Keyed order;
        private final Keyed dropout;
        private final int batches;
        private int epochs; // begun
        private int[] ordered = new int[0]; // the examples of the epoch

        Course(
                String kind,
                NextNetwork network,
                int items,
                Parameters weights,
                List<Example> examples,
                List<Example> validation,
                Env env) {
            this.kind = kind;
            this.network = network;
            this.items = items;
            this.weights = weights;
            this.examples = examples;
            this.validation = validation;
            this.env = env;
            order = env.random("order of examples");
            dropout = env.random("dropout");
            batches = Math.max(1, Math.round(examples.size() / (float) batch));
        }

        Training training() {
            Training plain = Training.of((long) NextTraining.this.epochs * batches)
                    .with(new UpdateRule.AdamW(learningRate, 0), new Schedule.Constant(0))
                    .withClip(0);
            // patience 0 means the first epoch without improvement is the last one
            return validation.isEmpty() ? plain : plain.withChecks(batches, patience + 1);
        }

        @Override
        public String name() {
            return kind;
        }

        @Override
        public int[] batch(long step, int part, Keyed key) {
            int epoch = (int) (step / batches);
            int at = (int) (step % batches);
            if (epoch >= epochs) {
                epochs = epoch + 1;
                Keyed ofEpoch = order.of(epoch);
                ordered = IntStream.range(0, examples.size())
                        .boxed()
                        .sorted(Comparator.comparingLong(n -> ofEpoch.at(examples.get(n).event())))
                        .mapToInt(Integer::intValue)
                        .toArray();
            }
            long size = ordered.length;
            return Arrays.copyOfRange(ordered, (int) (at * size / batches), (int) ((at + 1) * size / batches));
        }

        @Override
        public Tensor loss(int[] batch, Keyed key) {
            int[][] histories = new int[batch.length][];
            int[] next = new int[batch.length];
            for (int n = 0; n < batch.length; n++) {
                histories[n] = examples.get(batch[n]).history()[0];
                next[n] = examples.get(batch[n]).targets()[0];
            }
            return network.loss(weights, histories, next, Optional.of(dropout.of(epochs)));
        }

        @Override
        public String position(long step) {
            return "epoch " + Math.max(1, epochs) + " of " + NextTraining.this.epochs;
        }

        /** Minus the recall on the validation part. */
        @Override
        public double validate() {
            NetworkModel model = NetworkModel.of(kind, network, items, weights);
            return -Statistics.mean(NextItemRanking.of(model, validation, TOP, env.workers())
                    .recall());
        }
    }
}
