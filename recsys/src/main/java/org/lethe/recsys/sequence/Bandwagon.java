package org.lethe.recsys.sequence;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Fetch;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.tables.Entities;
import org.lethe.tables.Entities.Categorical;

/**
 * Another data set with a bandwagon attack: injected users whose sessions or baskets mix popular items with a few that the
 * attacker wants to sell (ERASE, "spam removal").
 *
 * <p>Of N users there are ⌈share·N / (1 − share)⌉ injected ones. Targets are drawn from the fifth of the items that is used
 * least, fillers from the fifth that is used most. An injected session has at least four clicks, 0.8 times the usual number
 * on average, and one target, or two from six clicks on, at 20 to 90 % of its length. An injected user of baskets has four
 * baskets with one target each. The published code draws lengths and gaps from fitted distributions; here they are
 * uniform, and gaps are a minute.
 *
 * @param of the data that is attacked
 * @param share of the injected users among all
 * @param targets items that the attacker wants to sell
 * @param seed of the attack
 */
@Named("bandwagon")
public record Bandwagon(DataSource<Events> of, double share, int targets, long seed) implements DataSource<Events> {
    private static final String INJECTED = "injected";
    private static final String TARGET = "target";
    private static final int FIFTH = 5;
    private static final int BASKETS = 4;

    public Bandwagon {
        Check.require(share > 0 && share < 0.5, "share", share, "above 0 and below 0.5");
        Check.require(targets >= 1, "targets", targets, "at least 1");
    }

    /** Planted sessions with one injected user in a hundred, for 10 targets. */
    public Bandwagon() {
        this(new PlantedSessions(), 0.01, 10, 1);
    }

    @Override
    public Events load(DataFolders folders) {
        Events clean = of.load(folders);
        int users = clean.userCount();
        int fakes = (int) Math.ceil(share * users / (1 - share));
        Keyed attack = Keyed.seed(seed).of("bandwagon");
        int[] ranked = ranked(clean);
        int fifth = Math.max(1, ranked.length / FIFTH);
        int[] rare = Arrays.copyOfRange(ranked, ranked.length - fifth, ranked.length);
        if (targets > rare.length) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "bandwagon.targets is " + targets + ", expected at most " + rare.length
                            + ", a fifth of the items of the data");
        }
        int[] target = Arrays.stream(rare)
                .boxed()
                .sorted(Comparator.comparingLong(i -> attack.of("targets").at(i)))
                .limit(targets)
                .mapToInt(Integer::intValue)
                .toArray();
        Growing growing = new Growing(clean, fakes);
        for (int f = 0; f < fakes; f++) {
            growing.add(f, attack.of(f), Arrays.copyOf(ranked, fifth), target);
        }
        return described(growing.events(), users, target);
    }

    /** The items of training, the most frequent first. */
    private static int[] ranked(Events data) {
        int[] count = new int[data.itemCount()];
        for (int e = 0; e < data.size(); e++) {
            count[data.item(e)] += data.trains(e) ? 1 : 0;
        }
        return IntStream.range(0, count.length)
                .filter(i -> count[i] > 0)
                .boxed()
                .sorted(Comparator.<Integer>comparingInt(i -> -count[i]).thenComparing(i -> i))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static Events described(Events all, int users, int[] target) {
        int[] injected = new int[all.userCount()];
        Arrays.fill(injected, users, injected.length, 1);
        int[] wanted = new int[all.itemCount()];
        Arrays.stream(target).forEach(i -> wanted[i] = 1);
        List<String> labels = List.of("no", "yes");
        return all.withUsers(all.users().with(INJECTED, new Categorical(injected, labels)))
                .withItems(all.items().with(TARGET, new Categorical(wanted, labels)));
    }

    /** Which users were injected. */
    public static IntPredicate fakes(Events data) {
        if (!data.users().attributes().containsKey(INJECTED)) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "stream.kind is spam, expected data with injected users, as bandwagon {of: planted-sessions}");
        }
        int[] codes = data.users().categorical(INJECTED).codes();
        return u -> codes[u] == 1;
    }

    /** Which items the attacker wants to sell. */
    public static boolean[] targets(Events data) {
        int[] codes = data.items().categorical(TARGET).codes();
        boolean[] targets = new boolean[codes.length];
        for (int i = 0; i < targets.length; i++) {
            targets[i] = codes[i] == 1;
        }
        return targets;
    }

    /** The clean events with injected ones behind them. */
    private static final class Growing {
        private final Events clean;
        private final int perUser;
        private final int[] userOf;
        private final int[] group;
        private final int[] item;
        private final long[] time;
        private final int mean;
        private final long begin;
        private final long end;
        private int groups;
        private int size;

        Growing(Events clean, int fakes) {
            this.clean = clean;
            perUser = clean.task() == Events.Task.SESSIONS ? 1 : BASKETS;
            mean = Math.max(4, (int) Math.round(0.8 * clean.size() / clean.groupCount()));
            int more = Math.multiplyExact(Math.multiplyExact(fakes, perUser), 2 * mean);
            userOf = new int[clean.groupCount() + fakes * perUser];
            group = new int[clean.size() + more];
            item = new int[clean.size() + more];
            time = new long[clean.size() + more];
            long first = Long.MAX_VALUE;
            long last = Long.MIN_VALUE;
            for (int e = 0; e < clean.size(); e++) {
                group[e] = clean.group(e);
                item[e] = clean.item(e);
                time[e] = clean.time(e);
                if (clean.trains(e)) {
                    first = Math.min(first, time[e]);
                    last = Math.max(last, time[e]);
                }
            }
            for (int g = 0; g < clean.groupCount(); g++) {
                userOf[g] = clean.userOf(g);
            }
            begin = first;
            end = last;
            groups = clean.groupCount();
            size = clean.size();
        }

        void add(int fake, Keyed draw, int[] fillers, int[] targets) {
            for (int g = 0; g < perUser; g++) {
                Keyed here = draw.of(g);
                int length = 4 + Keyed.below(here.of("length").at(0), 2 * (mean - 4) + 1);
                long start = begin + (long) (Keyed.unit(here.of("start").at(0)) * (end - begin));
                int first = place(length, here.of("place").at(0));
                int second = length >= 6 ? place(length, here.of("place").at(1)) : first;
                userOf[groups] = clean.userCount() + fake;
                int begins = size;
                for (int n = 0; n < length; n++) {
                    int[] from = n == first || n == second ? targets : fillers;
                    int chosen = from[Keyed.below(here.of("item").at(n), from.length)];
                    if (perUser > 1 && IntStream.range(begins, size).anyMatch(e -> item[e] == chosen)) {
                        continue; // a basket has no repeats
                    }
                    group[size] = groups;
                    item[size] = chosen;
                    time[size++] = perUser == 1 ? start + 60L * n : start;
                }
                groups++;
            }
        }

        private static int place(int length, long bits) {
            return (int) (length * (0.2 + 0.7 * Keyed.unit(bits)));
        }

        Events events() {
            int users = Arrays.stream(userOf).max().orElse(0) + 1;
            Events all = Events.of(
                    clean.task(),
                    userOf,
                    Arrays.copyOf(group, size),
                    Arrays.copyOf(item, size),
                    Arrays.copyOf(time, size),
                    longer(clean.users(), users, "injected user "),
                    longer(clean.groups(), groups, "injected group "),
                    clean.items());
            Events.Part[] parts = new Events.Part[size];
            Arrays.fill(parts, Events.Part.TRAIN);
            BitSet erased = new BitSet(size);
            for (int e = 0; e < clean.size(); e++) {
                parts[e] = clean.part(e);
                erased.set(e, !clean.holds(e));
            }
            return all.split(parts).without(erased);
        }

        private static Entities longer(Entities known, int size, String name) {
            String[] ids = new String[size];
            Arrays.setAll(ids, n -> n < known.size() ? known.id(n) : name + (n - known.size()));
            return Entities.ofNames(ids);
        }
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return of.files(folders);
    }

    @Override
    public Optional<Fetch> publisher() {
        return of.publisher();
    }
}
