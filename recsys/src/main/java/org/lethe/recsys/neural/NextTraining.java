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
import org.lethe.recsys.sequence.NextItems;
import org.lethe.statistics.Statistics;
import org.lethe.torch.Devices;
import org.lethe.torch.Parameters;
import org.lethe.torch.Schedule;
import org.lethe.torch.Training;
import org.lethe.torch.UpdateRule;

/**
 * Trains networks of what comes next: each training click that has one before it in its session is an example, and each training
 * basket whose user has one before it.
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

    /**
     * What is trained: a loss and a model, both functions of the weights.
     *
     * @param <M> the model
     */
    interface Task<M extends NextItems> {
        /** The mean loss of some examples; the key is for what is dropped. */
        Tensor loss(Parameters weights, List<Example> batch, Keyed dropout);

        /** The model with a copy of the weights. */
        M model(Parameters weights);
    }

    /** Trains a network from its initial weights. */
    NetworkModel train(String kind, NextNetwork network, Events data, Env env) {
        Task<NetworkModel> task = new Task<>() {
            @Override
            public Tensor loss(Parameters weights, List<Example> batch, Keyed dropout) {
                int[][] histories =
                        batch.stream().map(example -> example.history()[0]).toArray(int[][]::new);
                int[] next =
                        batch.stream().mapToInt(example -> example.targets()[0]).toArray();
                return network.loss(weights, histories, next, Optional.of(dropout));
            }

            @Override
            public NetworkModel model(Parameters weights) {
                return NetworkModel.of(kind, network, data.itemCount(), weights);
            }
        };
        return train(kind, task, network.layout(data.itemCount()), data, env);
    }

    /** Trains weights of a layout. */
    <M extends NextItems> M train(String kind, Task<M> task, List<Weight> layout, Events data, Env env) {
        List<Example> examples = data.examples(Part.TRAIN);
        if (examples.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    kind + ": no training event has one before it (" + data + "), expected at least one that has");
        }
        Devices.ready(env.device());
        try (var _ = new PointerScope();
                var _ = new AutoGradMode(true)) {
            Parameters weights = on(env.device(), Weight.initial(layout, env.random("initial-network")));
            Course course = new Course(kind, task, weights, examples, validation(data, env), env);
            course.training().run(weights, course, env);
            env.ledger().count("epochs", course.epochs);
            env.ledger().count("examples-trained", (long) course.epochs * examples.size());
            return task.model(weights);
        }
    }

    private static Parameters on(Device device, Parameters weights) {
        Map<String, Tensor> moved = new LinkedHashMap<>();
        weights.all()
                .forEach((name, tensor) ->
                        moved.put(name, Devices.on(tensor.detach(), device).set_requires_grad(true)));
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
        double examples = data.task() == Events.Task.BASKETS ? data.groupCount() : data.count(Part.TRAIN);
        double scored = Math.min(MOST, data.count(Part.VALIDATION)) * (double) data.itemCount() * width;
        double trained = examples * (perExample + (double) data.itemCount() * width);
        double steps = Math.max(1, examples / batch);
        return new Estimate(
                1 + epochs * (trained * 3e-10 + steps * 1.5e-3 + scored * 1e-10),
                600_000_000L + (long) (16.0 * data.itemCount() * (width + batch)));
    }

    /** A training under way. */
    private final class Course implements Training.Objective<int[]> {
        private final String kind;
        private final Task<?> task;
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
                Task<?> task,
                Parameters weights,
                List<Example> examples,
                List<Example> validation,
                Env env) {
            this.kind = kind;
            this.task = task;
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
                        .sorted(Comparator.comparingLong(
                                n -> ofEpoch.at(examples.get(n).event())))
                        .mapToInt(Integer::intValue)
                        .toArray();
            }
            long size = ordered.length;
            return Arrays.copyOfRange(ordered, (int) (at * size / batches), (int) ((at + 1) * size / batches));
        }

        @Override
        public Tensor loss(int[] batch, Keyed key) {
            List<Example> chosen = Arrays.stream(batch).mapToObj(examples::get).toList();
            return task.loss(weights, chosen, dropout.of(epochs));
        }

        @Override
        public String position(long step) {
            return "epoch " + Math.max(1, epochs) + " of " + NextTraining.this.epochs;
        }

        /** Minus the recall on the validation part. */
        @Override
        public double validate() {
            return -Statistics.mean(NextItemRanking.of(task.model(weights), validation, TOP, env.workers())
                    .recall());
        }
    }
}
