package org.lethe.federated.balance;

import static org.lethe.Check.require;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.federated.Algorithm;
import org.lethe.federated.Averaging;
import org.lethe.federated.Classifier;
import org.lethe.federated.FederatedLearner;
import org.lethe.federated.Grouping;
import org.lethe.federated.Loss;
import org.lethe.federated.Server;
import org.lethe.federated.Sites;
import org.lethe.numerics.Keyed;
import org.lethe.transport.Line;

/**
 * WassFFed (Han and others 2024): in every round, clients pull the scores of each group towards one distribution that all groups
 * share, beside learning the labels.
 *
 * <p>Plain averaging has warmed the model up. A round has two parts. Clients send how their scores are distributed in each group;
 * the server sums these histograms and sends back, for each group, the optimal map to the target. Then clients train on
 * {@code β·BCE(f(x), y) + (1−β)·ℓ(f(x) − T_a(f(x)))}, targets fixed for the round, and the server averages.
 *
 * <p>The published code has the server see the score and group of every record ({@code protocol: scores}), takes the mixture of
 * all groups as target ({@code target: marginal}), and hands the targets to the wrong records: those of rank i go to the i-th
 * record of the sorting permutation's inverse ({@code indexing: published}). All three are options; the defaults repair them.
 *
 * @param beta weight of the labels, from 0 to 1; 1 is plain averaging, less is fairer and less accurate
 * @param rounds added to those of the model before
 * @param target distribution that all groups should have: w2-barycenter, w1-median or marginal
 * @param pull second part of the loss: abs, squared or huber
 * @param repair share of the way to its target that a score should go
 * @param equalWeights whether groups weigh the same in the target, rather than as they have records
 * @param bins of the histograms from 0 to 1
 * @param protocol what clients send: histograms, or the scores of all records
 * @param indexing which target a record gets, by-rank, or as published; the latter needs protocol scores
 * @param stale whether histograms are those of the weights before, which saves a message each round
 * @param noise standard deviation of the noise on each number of the summed histograms, for differential privacy; 0 for none
 * @param secure whether the server learns only the sum of histograms, by pairwise masks
 * @param atInference whether predictions are moved at the end too, which needs the group of a person
 */
@Named("wassffed")
public record WassFfed(
        double beta,
        int rounds,
        FairTarget target,
        Pull pull,
        double repair,
        boolean equalWeights,
        int bins,
        Protocol protocol,
        Indexing indexing,
        boolean stale,
        double noise,
        boolean secure,
        boolean atInference)
        implements Balancing {
    /** What clients send to the server. */
    public enum Protocol {
        /** Numbers of records by group and bin of the score. */
        HISTOGRAM,
        /** Every score with its group. */
        SCORES
    }

    /** Which target a record gets. */
    public enum Indexing {
        /** The target of its rank. */
        BY_RANK,
        /** Another record's, by the defect of the published code. */
        PUBLISHED
    }

    public WassFfed {
        require(beta >= 0 && beta <= 1, "beta", beta, "0 to 1");
        require(rounds >= 0, "rounds", rounds, "at least 0");
        require(repair >= 0 && repair <= 1, "repair", repair, "0 to 1");
        require(bins >= 2 && bins <= 10_001, "bins", bins, "2 to 10,001");
        require(noise >= 0 && noise <= 1e6, "noise", noise, "0 to 1,000,000");
        require(
                indexing == Indexing.BY_RANK || protocol == Protocol.SCORES,
                "indexing",
                "published",
                "by-rank, or protocol scores too");
        require(
                protocol == Protocol.HISTOGRAM || noise == 0 && !secure && !stale,
                "protocol",
                "scores",
                "histogram where noise, secure or stale is set");
        require(noise == 0 || !secure, "secure", secure, "false with noise: masks are for whole numbers");
    }

    /** The W2 barycenter by histograms, β = 0.5, 29 rounds. */
    public WassFfed() {
        this(
                0.5,
                29,
                FairTarget.W2_BARYCENTER,
                Pull.ABS,
                1,
                false,
                101,
                Protocol.HISTOGRAM,
                Indexing.BY_RANK,
                false,
                0,
                false,
                false);
    }

    /** As the published code runs it, its defect included. */
    public static WassFfed published() {
        return new WassFfed()
                .withTarget(FairTarget.MARGINAL)
                .withProtocol(Protocol.SCORES)
                .withIndexing(Indexing.PUBLISHED);
    }

    public WassFfed withBeta(double beta) {
        return Components.with(this, "beta", beta);
    }

    public WassFfed withRounds(int rounds) {
        return Components.with(this, "rounds", rounds);
    }

    public WassFfed withTarget(FairTarget target) {
        return Components.with(this, "target", target);
    }

    public WassFfed withPull(Pull pull) {
        return Components.with(this, "pull", pull);
    }

    public WassFfed withProtocol(Protocol protocol) {
        return Components.with(this, "protocol", protocol);
    }

    public WassFfed withIndexing(Indexing indexing) {
        return Components.with(this, "indexing", indexing);
    }

    public WassFfed withStale(boolean stale) {
        return Components.with(this, "stale", stale);
    }

    public WassFfed withNoise(double noise) {
        return Components.with(this, "noise", noise);
    }

    public WassFfed withSecure(boolean secure) {
        return Components.with(this, "secure", secure);
    }

    public WassFfed withAtInference(boolean atInference) {
        return Components.with(this, "atInference", atInference);
    }

    @Override
    public Optional<String> unsuited(Request request, Learner<Sites, Classifier> learner) {
        if (atInference
                && request instanceof BalanceSites balance
                && balance.fairness() != BalanceSites.Fairness.DEMOGRAPHIC_PARITY) {
            return Optional.of("wassffed with atInference moves predictions without their labels, so it suits"
                    + " demographic parity alone");
        }
        return Balancing.super.unsuited(request, learner);
    }

    @Override
    public Algorithm algorithm(BalanceSites request, Grouping grouping, FederatedLearner learner, Env env) {
        return beta == 1
                ? new Averaging()
                : protocol == Protocol.SCORES
                        ? new ByScores(this, request, grouping)
                        : new ByHistogram(this, request, grouping, env);
    }

    @Override
    public Classifier fulfil(
            Classifier model, Request request, Learner<Sites, Classifier> learner, Sites data, Env env) {
        Classifier trained = Balancing.super.fulfil(model, request, learner, data, env);
        return atInference
                ? new W2PostProcessing(target, repair, equalWeights, bins, noise)
                        .repaired(
                                trained,
                                Balancing.balance(this, request),
                                Balancing.federated(this, learner),
                                data,
                                env)
                : trained;
    }

    /** Rounds in which clients send histograms. */
    private static final class ByHistogram implements Algorithm {
        private final WassFfed settings;
        private final BalanceSites request;
        private final Grouping grouping;
        private final Env env;
        private final FairMaps maps;

        ByHistogram(WassFfed settings, BalanceSites request, Grouping grouping, Env env) {
            this.settings = settings;
            this.request = request;
            this.grouping = grouping;
            this.env = env;
            this.maps = new FairMaps(settings, request.fairness(), grouping.count());
        }

        @Override
        public Loss.Maker loss(Server.Round round) {
            Keyed random = env.random("wassffed").of(round.number());
            // every client of the cohort adds its part of the variance, so that no one has to be trusted with all of it
            Histogram histogram = new Histogram(
                    request.fairness(),
                    grouping.count(),
                    settings.bins,
                    settings.noise / Math.sqrt(round.cohort().length),
                    random.key());
            double[] now =
                    settings.secure ? SecureSum.counts(round.each(histogram)) : round.sum(histogram, Histogram::plus);
            int members = round.cohort().length;
            env.ledger().count("bytes up", 4L * now.length * members);
            env.ledger().count("bytes down", 4L * now.length * members);
            return FairMaps.loss(settings, request.fairness(), maps.of(now));
        }
    }

    /** What a client of the published protocol hands over. */
    private record Handed(float[] scores, int[] cells) implements Serializable {}

    private record HandOver(BalanceSites.Fairness fairness, int groups) implements Server.Statistic<Handed> {
        @Override
        public Handed at(Loss.Place place) {
            int[] cells = new int[place.rows().length];
            for (int i = 0; i < cells.length; i++) {
                int stratum = fairness.stratum(place.label(i));
                cells[i] = stratum < 0 || place.group(i) < 0 ? -1 : stratum * groups + place.group(i);
            }
            return new Handed(place.scores(), cells);
        }
    }

    /** Rounds in which the server sees every score. */
    private record ByScores(WassFfed settings, BalanceSites request, Grouping grouping) implements Algorithm {
        @Override
        public Loss.Maker loss(Server.Round round) {
            List<Handed> handed = round.each(new HandOver(request.fairness(), grouping.count()));
            int[] cohort = round.cohort();
            float[][] targets = new float[cohort[cohort.length - 1] + 1][0];
            for (int k = 0; k < cohort.length; k++) {
                targets[cohort[k]] = new float[handed.get(k).scores.length];
                Arrays.fill(targets[cohort[k]], Float.NaN);
            }
            for (int s = 0; s < request.fairness().strata(); s++) {
                stratum(s, handed, cohort, targets);
            }
            return new Pull.Sent(settings.pull, (float) settings.beta, targets);
        }

        /** One record of a group: where it is, and its score. */
        private record At(int client, int place, float score) {}

        private void stratum(int s, List<Handed> handed, int[] cohort, float[][] targets) {
            List<List<At>> groups = new ArrayList<>();
            for (int g = 0; g < grouping.count(); g++) {
                List<At> members = new ArrayList<>();
                for (int k = 0; k < cohort.length; k++) {
                    Handed of = handed.get(k);
                    for (int i = 0; i < of.scores.length; i++) {
                        if (of.cells[i] == s * grouping.count() + g) {
                            members.add(new At(cohort[k], i, of.scores[i]));
                        }
                    }
                }
                if (!members.isEmpty()) {
                    groups.add(members);
                }
            }
            if (groups.size() < 2) {
                return;
            }
            double all = groups.stream().mapToInt(List::size).sum();
            List<Line> lines = groups.stream()
                    .map(members -> Line.of(
                            members.stream().mapToDouble(m -> seen(m.score)).toArray()))
                    .toList();
            double[] weights = groups.stream()
                    .mapToDouble(members -> settings.equalWeights ? 1.0 / groups.size() : members.size() / all)
                    .toArray();
            Line target = settings.target.of(lines, weights);
            for (List<At> members : groups) {
                int[] order = IntStream.range(0, members.size())
                        .boxed()
                        .sorted((a, b) -> Float.compare(members.get(a).score, members.get(b).score))
                        .mapToInt(i -> i)
                        .toArray();
                float[] byRank = ranked(target, members.size());
                for (int i = 0; i < order.length; i++) {
                    boolean right = settings.indexing == Indexing.BY_RANK;
                    At record = members.get(right ? order[i] : i);
                    float full = byRank[right ? i : order[i]];
                    targets[record.client][record.place] =
                            (float) ((1 - settings.repair) * record.score + settings.repair * full);
                }
            }
        }

        /** A score as the server of the published code sees it, on the grid; exact otherwise. */
        private double seen(float score) {
            return settings.indexing == Indexing.PUBLISHED
                    ? Math.rint((double) score * (settings.bins - 1)) / (settings.bins - 1)
                    : score;
        }

        /** The target of each rank: at the upper end of its share of the mass as published, else in the middle. */
        private float[] ranked(Line target, int n) {
            double shift = settings.indexing == Indexing.PUBLISHED ? 1 - 1e-6 * n : 0.5;
            float[] byRank = new float[n];
            int at = 0;
            double reached = target.weights()[0];
            for (int i = 0; i < n; i++) {
                double u = (i + shift) / n;
                while (reached < u - 1e-12 && at + 1 < target.points().length) {
                    reached += target.weights()[++at];
                }
                byRank[i] = (float) target.points()[at];
            }
            return byRank;
        }
    }
}
