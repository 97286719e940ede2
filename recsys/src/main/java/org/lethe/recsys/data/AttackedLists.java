package org.lethe.recsys.data;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Fetch;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Injected;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.tables.Entities;

/**
 * Another data set with a bandwagon attack: injected users whose lists mix popular items with a few that the attacker wants to
 * sell (ERASE, "spam removal").
 *
 * <p>Of N users there are ⌈share·N / (1 − share)⌉ injected ones. Targets are drawn from the fifth of the items that is used
 * least, fillers from the fifth that is used most. An injected list has at least four items, 0.8 times the usual number on
 * average, and one target, or two from six items on. Its pairs are training pairs with the highest value of the data, if it has
 * values, and at times between its first and its last. Users keep their ids, but not their attributes.
 *
 * @param of the data that is attacked
 * @param share of the injected users among all
 * @param targets items that the attacker wants to sell
 * @param seed of the attack
 */
@Named("bandwagon")
public record AttackedLists(DataSource<Split> of, double share, int targets, long seed) implements DataSource<Split> {
    public AttackedLists {
        Check.require(share > 0 && share < 0.5, "share", share, "above 0 and below 0.5");
        Check.require(targets >= 1, "targets", targets, "at least 1");
    }

    /** Planted lists with one injected user in a hundred, for 10 targets. */
    public AttackedLists() {
        this(new Planted(), 0.01, 10, 1);
    }

    @Override
    public Split load(DataFolders folders) {
        Split clean = of.load(folders);
        Interactions train = clean.train();
        Keyed attack = Keyed.seed(seed).of("bandwagon");
        int[] counts = new int[clean.items()];
        for (int i : train.columns()) {
            counts[i]++;
        }
        int real = clean.users();
        Injected injected = Injected.on(real, counts, share, targets, attack);
        Entities users = Injected.markedUsers(
                Injected.longer(train.userEntities(), real + injected.users(), "injected user "), real);
        Entities items = injected.markedItems(train.itemEntities());
        double usual = (double) train.size() / real;
        int[][] lists = new int[injected.users()][];
        for (int f = 0; f < lists.length; f++) {
            lists[f] = list(injected, usual, attack.of(f));
        }
        return new Split(
                with(lists, train, users, items, attack),
                with(new int[0][], clean.validation(), users, items, attack),
                with(new int[0][], clean.test(), users, items, attack));
    }

    /** One or two targets, then fillers, all different. */
    private static int[] list(Injected injected, double usual, Keyed draw) {
        int length = Injected.length(usual, draw.of("length").at(0));
        int[] targets = shuffled(injected.targets(), draw.of("target"));
        int[] fillers = shuffled(injected.fillers(), draw.of("filler"));
        int wanted = Math.min(length >= 6 ? 2 : 1, targets.length);
        int[] list = Arrays.copyOf(targets, wanted + Math.min(length - wanted, fillers.length));
        System.arraycopy(fillers, 0, list, wanted, list.length - wanted);
        return list;
    }

    private static int[] shuffled(int[] items, Keyed draw) {
        return Arrays.stream(items)
                .boxed()
                .sorted((a, b) -> Long.compare(draw.at(a), draw.at(b)))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /** The pairs of a part, and behind them those of injected users. */
    private static Interactions with(int[][] lists, Interactions part, Entities users, Entities items, Keyed attack) {
        int more = Arrays.stream(lists).mapToInt(list -> list.length).sum();
        int[] userOf = new int[part.size() + more];
        int[] itemOf = Arrays.copyOf(part.columns(), userOf.length);
        for (int u = 0; u < part.users(); u++) {
            Arrays.fill(userOf, part.from(u), part.to(u), u);
        }
        int at = part.size();
        for (int f = 0; f < lists.length; f++) {
            Arrays.fill(userOf, at, at + lists[f].length, part.users() + f);
            System.arraycopy(lists[f], 0, itemOf, at, lists[f].length);
            at += lists[f].length;
        }
        return Interactions.of(
                users,
                items,
                userOf,
                itemOf,
                part.values().map(known -> values(known, userOf.length)),
                part.times().map(known -> times(known, userOf, attack)));
    }

    private static float[] values(float[] known, int size) {
        float highest = 0;
        for (float value : known) {
            highest = Math.max(highest, value);
        }
        float[] values = Arrays.copyOf(known, size);
        Arrays.fill(values, known.length, size, highest);
        return values;
    }

    private static long[] times(long[] known, int[] userOf, Keyed attack) {
        long first = Arrays.stream(known).min().orElse(0);
        long last = Arrays.stream(known).max().orElse(0);
        long[] times = Arrays.copyOf(known, userOf.length);
        for (int n = known.length; n < times.length; n++) {
            times[n] = first + (long) (Keyed.unit(attack.of("time").at(userOf[n], n)) * (last - first));
        }
        return times;
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return of.files(folders);
    }

    @Override
    public Map<String, String> facts(DataFolders folders) {
        return of.facts(folders);
    }

    @Override
    public Optional<Fetch> publisher() {
        return of.publisher();
    }
}
