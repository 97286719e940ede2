package org.lethe.recsys;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.laws.MethodLaws;
import org.lethe.recsys.balance.SDro;
import org.lethe.recsys.data.PlantedFeatures;
import org.lethe.recsys.forget.Fru;

/** Every method with a model of two tables, and those that need another form with that; by night, with every model. */
class RecsysMethodLawsTest extends MethodLaws<Split, Recommender> {
    @Override
    protected Subject<Split, Recommender> subject() {
        return new Recsys();
    }

    @Override
    protected Split data() {
        return new PlantedFeatures(60, 40, 10, 4, 0.3, 1).load(new DataFolders(List.of()));
    }

    @Override
    protected List<Learner<Split, Recommender>> models() {
        return only(
                subject().models(),
                "bpr {dims: 8, epochs: 4}",
                "als {dims: 8, iterations: 2}",
                "multvae {latent: 4, hidden: 8, epochs: 1}",
                "vbpr {dims: 4, own: 4, epochs: 2}",
                "ease {lambda: 5}",
                "item-knn {neighbours: 5}");
    }

    @Override
    protected List<Request> requests() {
        return only(
                subject().requests(),
                "forget-users",
                "stream {requests: 3, measure: [1]}",
                "hide {attribute: [group], least: 10}",
                "balance {activeShare: 0.2}");
    }

    @Override
    protected List<Method<Split, Recommender>> methods() {
        return quick(
                subject().methods().stream()
                        .filter(m -> !(m instanceof SDro || m instanceof Fru)) // which have laws of their own
                        .toList(),
                "sisa {shards: 3, slices: 2}",
                "receraser {shards: 3, epochs: 2}",
                "ultrare {shards: 3}",
                "graph-eraser {shards: 3}",
                "laser {groups: 3, grouping: collaborative}",
                "apa {shards: 3, epochs: 3}",
                "u2u-r {steps: 5}",
                "d2d-r {steps: 5}",
                "equal-noise {like: {d2d-r: {steps: 5}}}",
                "raid {warmup: 1, points: 16, sample: 32, rounds: 5}");
    }

    @Override
    protected List<Request> nothing() {
        return only(
                subject().requests(),
                "forget-users {percent: 0}",
                "forget-items {percent: 0}",
                "forget-interactions {percent: 0}",
                "stream {requests: 0}");
    }
}

/** Every method with every request and model that it suits. */
@Tag("slow")
class RecsysPairsLawsTest extends RecsysMethodLawsTest {
    @Override
    protected List<Learner<Split, Recommender>> models() {
        return quick(subject().models(), RecsysLawsTest.QUICK);
    }

    @Override
    protected List<Request> requests() {
        return quick(
                subject().requests(), "stream {requests: 3, measure: [1]}", "hide {attribute: [group], least: 10}");
    }
}
