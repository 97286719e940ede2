package org.lethe.federated.balance;

import static org.lethe.Check.require;

import java.util.Arrays;
import java.util.List;
import org.lethe.federated.Loss;
import org.lethe.federated.ScoreMap;

/**
 * The server's part of WassFFed by histograms: the maps of a round from the summed histograms of its clients.
 *
 * <p>A group that no client of a cohort has keeps its last histogram for five rounds; then its scores are left alone. What is
 * kept between rounds is plain numbers ({@link State}), so that a server can write it down and go on from there.
 */
public final class FairMaps {
    private static final int CARRIED =
            5; // rounds for which a group that no client of the cohort has keeps its histogram

    private final WassFfed settings;
    private final BalanceSites.Fairness fairness;
    private final int groups;
    private double[] before;
    private final double[][] last;
    private final int[] ages;

    /**
     * What is kept between rounds.
     *
     * @param before summed histograms of the round before, empty in the first
     * @param last histogram of each group in each stratum, empty where there was none yet
     * @param ages for how many rounds nobody has sent another
     */
    public record State(double[] before, List<double[]> last, int[] ages) {
        public State {
            last = List.copyOf(last);
            require(last.size() == ages.length, "ages", ages.length, "one a histogram, " + last.size());
        }
    }

    /** Before the first round. */
    public FairMaps(WassFfed settings, BalanceSites.Fairness fairness, int groups) {
        this.settings = settings;
        this.fairness = fairness;
        this.groups = groups;
        this.before = new double[0];
        this.last = new double[fairness.strata() * groups][0];
        this.ages = new int[last.length];
    }

    /** After the round that left this state. */
    public FairMaps(WassFfed settings, BalanceSites.Fairness fairness, int groups, State state) {
        this(settings, fairness, groups);
        require(state.ages.length == ages.length, "groups of the state", state.ages.length, "" + ages.length);
        before = state.before.clone();
        for (int k = 0; k < ages.length; k++) {
            last[k] = state.last.get(k).clone();
            ages[k] = state.ages[k];
        }
    }

    /** What the next round needs to know. */
    public State state() {
        return new State(
                before.clone(), Arrays.stream(last).map(double[]::clone).toList(), ages.clone());
    }

    /** How many groups in strata have had no histogram for longer than they keep one. */
    public int vanished() {
        return (int) Arrays.stream(ages).filter(age -> age > CARRIED).count();
    }

    /** The histogram that a client sends: {@code [stratum][group][bin]} in one run, without noise. */
    public static double[] histogram(BalanceSites.Fairness fairness, int groups, int bins, Loss.Place place) {
        return new Histogram(fairness, groups, bins, 0, 0).at(place);
    }

    /** The loss of clients that got the maps of each stratum. */
    public static Loss.Maker loss(WassFfed settings, BalanceSites.Fairness fairness, ScoreMap[] maps) {
        return new Pull.ByMap(settings.pull(), (float) settings.beta(), fairness, maps);
    }

    /** The maps of this round, one for each stratum. */
    public ScoreMap[] of(double[] summed) {
        Histogram histogram = new Histogram(fairness, groups, settings.bins(), settings.noise(), 0);
        double[] used = settings.stale() && before.length > 0 ? before : summed;
        before = summed;
        ScoreMap[] maps = new ScoreMap[fairness.strata()];
        for (int s = 0; s < maps.length; s++) {
            double[][] parts = histogram.of(used, s);
            for (int g = 0; g < parts.length; g++) {
                parts[g] = carried(s * parts.length + g, parts[g]);
            }
            maps[s] = settings.target().map(parts, settings.equalWeights(), settings.repair());
        }
        return maps;
    }

    private double[] carried(int which, double[] now) {
        double[] repaired = settings.noise() > 0 ? Histogram.repaired(now) : now;
        if (Arrays.stream(repaired).sum() > 0) {
            last[which] = repaired;
            ages[which] = 0;
            return repaired;
        }
        ages[which]++;
        return ages[which] <= CARRIED && last[which].length > 0 ? last[which] : new double[settings.bins()];
    }
}
