package org.lethe.recsys.approximate;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Ranking;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.LightGcn;
import org.lethe.recsys.backbone.Wmf;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.forget.Choice;
import org.lethe.recsys.forget.ForgetInteractions;
import org.lethe.recsys.forget.ForgetRequest;
import org.lethe.recsys.forget.ForgetUsers;
import org.lethe.recsys.forget.Retrain;

/** Models that remember their planted data by heart, and what a method does to what is forgotten and to what is kept. */
final class Effects {
    static final Split DATA = new Planted(150, 90, 16, 3).load(new DataFolders(List.of()));
    static final ForgetRequest PAIRS = new ForgetInteractions(5);
    static final ForgetRequest USERS = new ForgetUsers(Choice.RANDOM, 6);
    static final Bpr BPR = new Bpr()
            .withDims(16)
            .withEpochs(60)
            .withBatch(128)
            .withLearningRate(2e-2)
            .withInitialSd(0.1)
            .withPatience(60);
    static final Wmf WMF = new Wmf()
            .withDims(16)
            .withEpochs(60)
            .withBatch(128)
            .withLearningRate(2e-2)
            .withInitialSd(0.1)
            .withPatience(60);
    static final LightGcn GRAPH = new LightGcn()
            .withDims(16)
            .withLayers(2)
            .withEpochs(60)
            .withBatch(256)
            .withLearningRate(2e-2)
            .withPatience(60);

    private static final Map<Object, Embeddings> TRAINED = new ConcurrentHashMap<>();

    private Effects() {}

    static Env env() {
        return Env.seeded(5);
    }

    /** The same data without a validation part, so that training does not end early. */
    static Split unvalidated(Split data) {
        return new Split(data.train(), data.validation().where((u, i) -> false), data.test());
    }

    /** Trained without looking at the validation part, which then serves as never seen. */
    static Embeddings trained(Learner<Split, Recommender> learner) {
        return TRAINED.computeIfAbsent(learner, l -> (Embeddings) learner.train(unvalidated(DATA), env()));
    }

    private static Embeddings retrained(Learner<Split, Recommender> learner, ForgetRequest request) {
        return TRAINED.computeIfAbsent(List.of(learner, request), l ->
                (Embeddings) new Retrain().fulfil(trained(learner), request, learner, unvalidated(DATA), env()));
    }

    static Embeddings fulfilled(
            Method<Split, Recommender> method, Learner<Split, Recommender> learner, ForgetRequest request) {
        return (Embeddings) method.fulfil(trained(learner), request, learner, DATA, env());
    }

    /** The mean share of other items, not kept by the user, that stand above a forgotten item. */
    static double depth(Recommender model, ForgetRequest request) {
        ForgetRequest.Forgotten forgotten = request.resolve(DATA);
        Interactions lost = forgotten.interactions();
        Interactions left = forgotten.remaining().train();
        double sum = 0;
        for (int u = 0; u < lost.users(); u++) {
            for (int k = lost.from(u); k < lost.to(u); k++) {
                int above = 0;
                int others = 0;
                for (int i = 0; i < lost.items(); i++) {
                    if (!left.contains(u, i) && !lost.contains(u, i)) {
                        others++;
                        above += model.score(u, i) > model.score(u, lost.item(k)) ? 1 : 0;
                        above += model.score(u, i) >= model.score(u, lost.item(k)) ? 1 : 0; // ties count half
                    }
                }
                sum += above / 2.0 / others;
            }
        }
        return sum / lost.size();
    }

    /** Recall of the test pairs of the users that remain. */
    static double recall(Recommender model, ForgetRequest request) {
        Split left = request.resolve(DATA).remaining();
        return Ranking.mean(Ranking.test(model, left, 10, env().workers()).recall());
    }

    /**
     * Forgotten pairs sink at least this share of the way to where a model trained without them has them, and recall falls no more
     * than this below that of both models.
     */
    static void assertForgets(
            Method<Split, Recommender> method,
            Learner<Split, Recommender> learner,
            ForgetRequest request,
            double share,
            double loss) {
        Embeddings before = trained(learner);
        Embeddings reference = retrained(learner, request);
        Embeddings after = fulfilled(method, learner, request);
        double way = depth(reference, request) - depth(before, request);
        assertTrue(way > 0.1, "the model before remembers too little: " + way);
        double made = (depth(after, request) - depth(before, request)) / way;
        double lost = Math.min(recall(before, request), recall(reference, request)) - recall(after, request);
        String seen = method + " on " + request + ": share of the way " + made + ", recall lost " + lost;
        assertTrue(made >= share, seen);
        assertTrue(lost <= loss, seen);
    }
}
