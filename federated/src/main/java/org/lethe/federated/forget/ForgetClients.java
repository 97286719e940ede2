package org.lethe.federated.forget;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Printable;
import org.lethe.Request;
import org.lethe.federated.Sites;
import org.lethe.numerics.Keyed;
import org.lethe.study.Mistakes;

/**
 * A request that some clients leave the federation, and that the classifier forget all of their records.
 *
 * <p>The features stay as they are: a range or a text that only a leaving client had keeps its column. {@code count: 0} asks for nothing
 * and changes nothing. At least one client must stay.
 *
 * @param choose choice of clients: last, random (a number of them), or named
 * @param count number of clients, for last and random
 * @param clients names of clients, for named
 * @param seed seed of the random choice
 */
@Named("forget-clients")
public record ForgetClients(Choose choose, int count, List<String> clients, long seed) implements Request {
    /** The ways to choose. */
    public enum Choose {
        /** The last clients of the data. */
        LAST,
        /** Clients drawn by chance. */
        RANDOM,
        /** Clients by name. */
        NAMED
    }

    public ForgetClients {
        clients = List.copyOf(clients);
        Check.require(count >= 0, "count", count, "at least 0");
        Check.require(
                (choose == Choose.NAMED) != clients.isEmpty(),
                "clients",
                clients,
                choose == Choose.NAMED ? "at least one name" : "an empty list unless choose is named");
    }

    /** The last client. */
    public ForgetClients() {
        this(Choose.LAST, 1, List.of(), 42);
    }

    /** The last clients. */
    public static ForgetClients last(int count) {
        return new ForgetClients(Choose.LAST, count, List.of(), 42);
    }

    /** Clients drawn by chance. */
    public static ForgetClients random(int count, long seed) {
        return new ForgetClients(Choose.RANDOM, count, List.of(), seed);
    }

    /** Clients by name. */
    public static ForgetClients named(String... names) {
        return new ForgetClients(Choose.NAMED, 0, List.of(names), 42);
    }

    /**
     * A request resolved on the clients of some data.
     *
     * @param leaving the clients that leave, in the order of the data
     * @param remaining the other clients, with their records alone
     */
    public record Forgotten(List<Sites.Client> leaving, Sites remaining) {
        /** Whether nothing is to be forgotten. */
        public boolean nothing() {
            return leaving.isEmpty();
        }

        /** The names of the clients that leave. */
        public Set<String> names() {
            return leaving.stream().map(Sites.Client::name).collect(Collectors.toCollection(LinkedHashSet::new));
        }
    }

    /** The clients that leave, and what the others hold. */
    public Forgotten resolve(Sites data) {
        Set<String> gone =
                chosen(data.clients().stream().map(Sites.Client::name).toList());
        List<Sites.Client> leaving = new ArrayList<>();
        List<Sites.Client> staying = new ArrayList<>();
        data.clients().forEach(client -> (gone.contains(client.name()) ? leaving : staying).add(client));
        if (leaving.isEmpty()) {
            return new Forgotten(leaving, data);
        }
        if (staying.isEmpty()) {
            throw refused("selects all " + leaving.size() + " clients, expected one to remain");
        }
        return new Forgotten(List.copyOf(leaving), data.of(staying));
    }

    private Set<String> chosen(List<String> names) {
        if (choose != Choose.NAMED && count > names.size()) {
            throw refused("count is " + count + ", expected at most " + names.size() + ", the clients that there are");
        }
        return switch (choose) {
            case LAST -> Set.copyOf(names.subList(names.size() - count, names.size()));
            case RANDOM -> {
                Keyed key = Keyed.seed(seed).of("forget-clients");
                yield IntStream.range(0, names.size())
                        .boxed()
                        .sorted(Comparator.comparingLong(key::at))
                        .limit(count)
                        .map(names::get)
                        .collect(Collectors.toSet());
            }
            case NAMED -> {
                for (String client : clients) {
                    if (!names.contains(client)) {
                        throw refused("clients has \"" + Printable.text(client) + "\", which is no client of these data"
                                + Mistakes.nearest(client, names)
                                        .map(n -> "; did you mean \"" + Printable.text(n) + "\"?")
                                        .orElse(""));
                    }
                }
                yield Set.copyOf(clients);
            }
        };
    }

    private static LetheException refused(String why) {
        return new LetheException(LetheException.Code.STUDY, "forget-clients: " + why);
    }
}
