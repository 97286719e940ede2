package org.lethe.federated;

import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Learner;

/** An architecture that clients train together: its shape and local steps, and how they work together. */
public interface FederatedLearner extends Learner<Sites, Classifier> {
    /** The shape for so many features. */
    Network network(int features);

    /** The steps of a client. */
    Local local();

    /** How server and clients work together. */
    Federation federation();

    /** Plain federated averaging from seeded weights. */
    @Override
    default Classifier train(Sites data, Env env) {
        Network network = network(data.features().size());
        float[] start = Server.start(env, network);
        Server server = Server.of(data, this, env);
        return new Classifier(network, server.run(start, 0, federation().rounds(), new Averaging()));
    }

    @Override
    default Estimate estimate(Sites data) {
        return estimate(data, federation().rounds());
    }

    /** The cost of a number of rounds. */
    default Estimate estimate(Sites data, int rounds) {
        Network network = network(data.features().size());
        double perRow =
                (double) data.train().values().length / Math.max(1, data.train().size());
        double cohort =
                Math.max(1, federation().participation() * data.clients().size());
        double batch = Math.min(
                local().batch(), (double) data.trainSize() / data.clients().size());
        double width = Math.max(4, network.stride());
        double step = batch * (perRow * 2 + 8) * width * 0.4e-9 + network.length() * 1.5e-9;
        return new Estimate(
                rounds * cohort * (federation().steps() * step + network.length() * 4e-9),
                (local().keeps(data.clients().size()) ? 8L * data.clients().size() : 64L) * network.length());
    }
}
