package org.lethe.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Progress;
import org.lethe.recsys.Split;
import org.lethe.recsys.UserLearner;
import org.lethe.recsys.backbone.Dmf;
import org.lethe.recsys.backbone.Gmf;
import org.lethe.recsys.backbone.MultVae;
import org.lethe.recsys.backbone.NeuMf;
import org.lethe.recsys.backbone.Ngcf;
import org.lethe.recsys.data.Ml100k;

/**
 * Seconds per epoch of the recommenders with layers: MovieLens-100K, the default sizes, one thread, the full ranking of the
 * validation part after every epoch included. Prints the median of the epochs after the third.
 */
public final class LayeredSpeed {
    private LayeredSpeed() {}

    public static void main(String[] args) {
        Split data = new Ml100k().load(DataFolders.usual(Optional.empty()));
        List<UserLearner> learners = List.of(
                new Gmf().withEpochs(15),
                new NeuMf().withEpochs(8),
                new Dmf().withEpochs(10),
                new Ngcf().withEpochs(10),
                new MultVae().withEpochs(10));
        for (UserLearner learner : learners) {
            List<Long> ends = new ArrayList<>();
            learner.train(data, Env.seeded(1).with(watch(ends)));
            List<Double> epochs = new ArrayList<>();
            for (int e = 3; e < ends.size(); e++) {
                epochs.add((ends.get(e) - ends.get(e - 1)) / 1e9);
            }
            epochs.sort(null);
            System.out.printf("%-60.60s %.3f s an epoch%n", learner, epochs.get(epochs.size() / 2));
        }
    }

    /** Writes down when each epoch ends. */
    private static Progress watch(List<Long> ends) {
        return (what, total) -> new Progress.Step() {
            @Override
            public void advance(long amount) {
                ends.add(System.nanoTime());
            }

            @Override
            public void note(String message) {}

            @Override
            public void close() {}
        };
    }
}
