package org.lethe.federated;

import static org.lethe.Check.require;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.lethe.LetheException;
import org.lethe.Printable;
import org.lethe.numerics.Keyed;

/**
 * How a table is divided over clients.
 *
 * <p>A Dirichlet split takes one stratum after the other (a label of the attribute, a class, or both), shuffles its records and
 * cuts them by shares p ~ Dir(α, …, α), in which clients that already hold their fair share of records get no more. It is drawn
 * again until every client has {@code least} records. The test records of a client follow the same shares. A small α makes
 * clients very different: at 0.1 most hold one group.
 *
 * @param clients how many clients; unused where a column says who holds what
 * @param by what the shares are drawn for: attribute, label, both, or nothing; or column for one client for each of its labels
 * @param attribute name of the attribute or column; empty for the first one of the data
 * @param alpha concentration of the Dirichlet distribution
 * @param least fewest training records of a client; columns leave out clients with fewer
 * @param seed seed of the split
 */
public record Partition(int clients, By by, String attribute, double alpha, int least, long seed)
        implements Serializable {
    private static final int ATTEMPTS = 1_000;

    /** What decides about who holds what. */
    public enum By {
        /** Shares for each label of an attribute. */
        ATTRIBUTE,
        /** Shares for each class. */
        LABEL,
        /** Shares for each label of an attribute within each class. */
        BOTH,
        /** Equal shares at random, so that all clients are alike. */
        NOTHING,
        /** A client for each label of a column, as the data say. */
        COLUMN
    }

    public Partition {
        require(clients >= 1 && clients <= 1_000_000, "clients", clients, "1 to 1,000,000");
        require(alpha > 0 && alpha <= 1e6, "alpha", alpha, "above 0, at most 1,000,000");
        require(least >= 1, "least", least, "at least 1");
        require(by != By.COLUMN || !attribute.isEmpty(), "attribute", "\"\"", "the name of a column");
    }

    /** 5 clients whose shares of the first attribute differ: Dirichlet 0.5. */
    public Partition() {
        this(5, By.ATTRIBUTE, "", 0.5, 10, 1);
    }

    /** The same for so many clients. */
    public Partition withClients(int clients) {
        return new Partition(clients, by, attribute, alpha, least, seed);
    }

    /** The same by something else. */
    public Partition withBy(By by, String attribute) {
        return new Partition(clients, by, attribute, alpha, least, seed);
    }

    /** The same with another seed. */
    public Partition withSeed(long seed) {
        return new Partition(clients, by, attribute, alpha, least, seed);
    }

    /**
     * The clients of training and test records with the same attributes.
     *
     * @throws LetheException where no such split was found, or fewer than one client is left
     */
    public List<Sites.Client> of(Records train, Records test) {
        if (by == By.COLUMN) {
            return natural(train, test);
        }
        if ((long) clients * least > train.size()) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "sites: " + clients + " clients with at least " + least + " records each need "
                            + (long) clients * least + ", and there are " + train.size()
                            + "; expected fewer clients, or a smaller least");
        }
        int[] strata = strata(train);
        int[] tested = strata(test);
        int count = 1 + Math.max(max(strata), max(tested));
        int smallest = 0;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Keyed key = Keyed.seed(seed).of("partition").of(attempt);
            double[][] upTo = new double[count][];
            int[][] parts = cut(strata, count, upTo, key);
            int fewest = Arrays.stream(parts).mapToInt(p -> p.length).min().orElse(0);
            if (fewest >= least) {
                int[][] tests = cutAs(tested, count, upTo, key.of("test"));
                List<Sites.Client> found = new ArrayList<>();
                for (int k = 0; k < clients; k++) {
                    found.add(new Sites.Client("client " + k, parts[k], tests[k]));
                }
                return found;
            }
            smallest = Math.max(smallest, fewest);
        }
        throw new LetheException(
                LetheException.Code.STUDY,
                "sites: none of " + ATTEMPTS + " splits over " + clients + " clients with alpha " + alpha
                        + " gave each at least " + least + " of " + train.size() + " records, the best gave " + smallest
                        + "; expected fewer clients, a larger alpha or a smaller least");
    }

    private List<Sites.Client> natural(Records train, Records test) {
        Records.Attribute column = train.attribute(attribute);
        Records.Attribute other = test.attribute(attribute);
        List<Sites.Client> found = new ArrayList<>();
        for (int label = 0; label < column.labels().size(); label++) {
            int number = label;
            int there = other.labels().indexOf(column.labels().get(label));
            int[] own = IntStream.range(0, train.size())
                    .filter(i -> column.of()[i] == number)
                    .toArray();
            int[] tests = IntStream.range(0, test.size())
                    .filter(i -> there >= 0 && other.of()[i] == there)
                    .toArray();
            if (own.length >= least) {
                found.add(new Sites.Client(column.labels().get(label), own, tests));
            }
        }
        if (found.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    "sites: no label of \"" + Printable.text(attribute) + "\" has " + least
                            + " training records, expected one that has; labels are "
                            + column.labels().stream()
                                    .limit(10)
                                    .map(Printable::text)
                                    .collect(Collectors.joining(", ")));
        }
        return found;
    }

    /** The stratum of each record: what shares are drawn for. People without a label are a stratum of their own. */
    private int[] strata(Records records) {
        int[] strata = new int[records.size()];
        if (by == By.ATTRIBUTE || by == By.BOTH) {
            if (attribute.isEmpty() && records.attributes().isEmpty()) {
                throw new LetheException(
                        LetheException.Code.STUDY,
                        "sites: the data have no attribute to split by, expected by: label or by: nothing");
            }
            Records.Attribute labels =
                    attribute.isEmpty() ? records.attributes().getFirst() : records.attribute(attribute);
            Arrays.setAll(strata, i -> labels.of()[i] + 1);
        }
        if (by == By.LABEL || by == By.BOTH) {
            for (int i = 0; i < strata.length; i++) {
                strata[i] = 2 * strata[i] + records.labels()[i];
            }
        }
        return strata;
    }

    private static int max(int[] strata) {
        return Arrays.stream(strata).max().orElse(0);
    }

    private int[][] cut(int[] strata, int count, double[][] upTo, Keyed key) {
        int[] held = new int[clients];
        List<List<int[]>> parts = new ArrayList<>();
        for (int k = 0; k < clients; k++) {
            parts.add(new ArrayList<>());
        }
        for (int s = 0; s < count; s++) {
            int[] members = shuffled(strata, s, key);
            double[] shares = new double[clients];
            double sum = 0;
            for (int k = 0; k < clients; k++) {
                shares[k] = by == By.NOTHING ? 1 : gamma(key.of("share").of(s).of(k), alpha);
                if (by != By.NOTHING && (long) held[k] * clients >= strata.length) {
                    shares[k] = 0;
                }
                sum += shares[k];
            }
            upTo[s] = new double[clients];
            double reached = 0;
            int from = 0;
            for (int k = 0; k < clients; k++) {
                // where every share is 0, as may happen in doubles for a tiny alpha, all are alike
                reached += sum > 0 ? shares[k] / sum : 1.0 / clients;
                upTo[s][k] = k == clients - 1 ? 1 : Math.min(1, reached);
                int to = (int) Math.floor(upTo[s][k] * members.length);
                parts.get(k).add(Arrays.copyOfRange(members, from, to));
                held[k] += to - from;
                from = to;
            }
        }
        return joined(parts);
    }

    private int[][] cutAs(int[] strata, int count, double[][] upTo, Keyed key) {
        List<List<int[]>> parts = new ArrayList<>();
        for (int k = 0; k < clients; k++) {
            parts.add(new ArrayList<>());
        }
        for (int s = 0; s < count; s++) {
            int[] members = shuffled(strata, s, key);
            int from = 0;
            for (int k = 0; k < clients; k++) {
                int to = (int) Math.floor(upTo[s][k] * members.length);
                parts.get(k).add(Arrays.copyOfRange(members, from, to));
                from = to;
            }
        }
        return joined(parts);
    }

    private static int[][] joined(List<List<int[]>> parts) {
        return parts.stream()
                .map(p -> p.stream().flatMapToInt(Arrays::stream).sorted().toArray())
                .toArray(int[][]::new);
    }

    private static int[] shuffled(int[] strata, int stratum, Keyed key) {
        int[] members = IntStream.range(0, strata.length)
                .filter(i -> strata[i] == stratum)
                .toArray();
        Keyed draws = key.of("shuffle").of(stratum);
        for (int i = members.length - 1; i > 0; i--) {
            int other = Keyed.below(draws.at(i), i + 1);
            int swapped = members[i];
            members[i] = members[other];
            members[other] = swapped;
        }
        return members;
    }

    /** A gamma variate (Marsaglia and Tsang 2000; for α below 1 boosted by u^(1/α), their section 6). */
    static double gamma(Keyed key, double alpha) {
        if (alpha < 1) {
            return gamma(key.of("boost"), alpha + 1) * StrictMath.pow(Keyed.unit(key.at(0)), 1 / alpha);
        }
        double d = alpha - 1.0 / 3;
        double c = 1 / Math.sqrt(9 * d);
        for (int attempt = 1; ; attempt++) {
            double x = Keyed.normal(key.of("normal").at(attempt));
            double v = 1 + c * x;
            v = v * v * v;
            if (v > 0
                    && StrictMath.log(Keyed.unit(key.of("accept").at(attempt)))
                            < 0.5 * x * x + d - d * v + d * StrictMath.log(v)) {
                return d * v;
            }
        }
    }
}
