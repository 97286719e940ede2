package org.lethe.recsys;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Subject;
import org.lethe.laws.SubjectLaws;
import org.lethe.recsys.data.PlantedFeatures;

class RecsysLawsTest extends SubjectLaws<Split, Recommender> {
    /** Every model, in a size that a test can afford many times. */
    static final String[] QUICK = {
        "wmf {dims: 8, epochs: 2}",
        "bpr {dims: 8, epochs: 4}",
        "lightgcn {dims: 8, layers: 2, epochs: 2}",
        "als {dims: 8, iterations: 2}",
        "explicit-als {dims: 4, iterations: 2}",
        "whole-data-wmf {dims: 8, epochs: 2}",
        "gmf {dims: 8, epochs: 2}",
        "neumf {dims: 8, layers: [16, 8], epochs: 2}",
        "pmf {dims: 8, epochs: 2}",
        "dmf {dims: 8, layers: [16, 8], epochs: 2}",
        "ngcf {dims: 8, layers: [8], epochs: 2}",
        "multvae {latent: 8, hidden: 16, epochs: 2}",
        "vbpr {dims: 4, own: 4, epochs: 2}",
        "fed-mf {dims: 4, rounds: 4, clients: 0.4, localEpochs: 3}",
        "ease {lambda: 5}",
        "item-knn {neighbours: 5}"
    };

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
        return quick(subject().models(), QUICK);
    }
}
