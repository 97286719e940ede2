package org.lethe.federated;

import static org.lethe.Check.require;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A table that is divided over clients: each has records to train on and, of the same kind, records to test on.
 *
 * @param features names of the features
 * @param train records that clients learn from
 * @param test records that nobody learns from
 * @param clients who holds which of them
 */
public record Sites(List<String> features, Records train, Records test, List<Client> clients) implements Serializable {
    /**
     * One client.
     *
     * @param name its name
     * @param train numbers of its training records
     * @param test numbers of its test records, perhaps none
     */
    public record Client(String name, int[] train, int[] test) implements Serializable {
        public Client {
            require(train.length >= 1, "records of client " + name, train.length, "at least 1");
        }
    }

    public Sites {
        features = List.copyOf(features);
        clients = List.copyOf(clients);
        require(!clients.isEmpty(), "clients", "empty", "at least one");
        require(train.features() == features.size(), "features", train.features(), "" + features.size());
        require(test.features() == features.size(), "features of the test part", test.features(), "" + features.size());
        owned(clients.stream().map(Client::train).toList(), train.size());
        owned(clients.stream().map(Client::test).toList(), test.size());
    }

    private static void owned(List<int[]> parts, int records) {
        boolean[] seen = new boolean[records];
        for (int[] part : parts) {
            for (int record : part) {
                require(record >= 0 && record < records && !seen[record], "record", record, "each at one client");
                seen[record] = true;
            }
        }
    }

    /** The same for some of the clients: no record of another client is left. */
    public Sites of(List<Client> some) {
        List<int[]> trains = some.stream().map(Client::train).toList();
        List<int[]> tests = some.stream().map(Client::test).toList();
        List<Client> renumbered = new ArrayList<>();
        int train = 0;
        int test = 0;
        for (Client client : some) {
            renumbered.add(new Client(client.name, from(train, client.train.length), from(test, client.test.length)));
            train += client.train.length;
            test += client.test.length;
        }
        return new Sites(features, this.train.of(together(trains)), this.test.of(together(tests)), renumbered);
    }

    private static int[] from(int first, int count) {
        return IntStream.range(first, first + count).toArray();
    }

    private static int[] together(List<int[]> parts) {
        return parts.stream().flatMapToInt(Arrays::stream).toArray();
    }

    /** How many training records the clients hold together. */
    public long trainSize() {
        return clients.stream().mapToLong(c -> c.train.length).sum();
    }
}
