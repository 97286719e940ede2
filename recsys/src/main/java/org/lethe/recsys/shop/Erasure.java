package org.lethe.recsys.shop;

import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Personal;
import org.lethe.recsys.Split;
import org.lethe.recsys.forget.ForgetRequest;
import org.lethe.tables.Entities;

/**
 * A request of the owner: these users, these items and these single interactions were never there.
 *
 * @param users ids of users
 * @param items ids of items
 * @param pairs single interactions
 */
@Named("erasure")
public record Erasure(
        @Personal List<String> users,
        List<String> items,
        @Personal("interactions") List<Pair> pairs) implements ForgetRequest {
    /**
     * One interaction.
     *
     * @param user id of the user
     * @param item id of the item
     */
    public record Pair(String user, String item) {}

    public Erasure {
        users = users.stream().distinct().toList();
        items = items.stream().distinct().toList();
        pairs = pairs.stream().distinct().toList();
        if (users.isEmpty() && items.isEmpty() && pairs.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.STUDY, "nothing is to be forgotten; expected users, items or interactions");
        }
    }

    /** Some users, all that they did. */
    public static Erasure ofUsers(List<String> users) {
        return new Erasure(users, List.of(), List.of());
    }

    @Override
    public Forgotten resolve(Split data) {
        Entities userIds = data.train().userEntities();
        Entities itemIds = data.train().itemEntities();
        int[] goneUsers = IntStream.range(0, users.size())
                .map(n -> number("user", n, users.get(n), userIds))
                .toArray();
        if (items.isEmpty() && pairs.isEmpty()) {
            return Forgotten.ofUsers(data, goneUsers);
        }
        BitSet gone = new BitSet();
        for (int u : goneUsers) {
            gone.set(u);
        }
        BitSet goneItems = new BitSet();
        for (int n = 0; n < items.size(); n++) {
            goneItems.set(number("item", n, items.get(n), itemIds));
        }
        Set<Long> single = new HashSet<>();
        for (int n = 0; n < pairs.size(); n++) {
            Pair pair = pairs.get(n);
            int user = number("user of interaction", n, pair.user, userIds);
            int item = number("item of interaction", n, pair.item, itemIds);
            if (!data.train().contains(user, item)
                    && !data.validation().contains(user, item)
                    && !data.test().contains(user, item)) {
                throw new LetheException(
                        LetheException.Code.STUDY,
                        "interaction " + (n + 1) + " is not in the data, expected one that is");
            }
            single.add((long) user << 32 | item);
        }
        return Forgotten.ofPairs(
                data, (u, i) -> gone.get(u) || goneItems.get(i) || single.contains((long) u << 32 | i));
    }

    private static int number(String what, int place, String id, Entities known) {
        return number(what + " " + (place + 1) + " of the request", id, known);
    }

    /** The number of an id as the data has it. A message names its place: it may be that of a person. */
    static int number(String which, String id, Entities known) {
        OptionalInt found = known.find(id);
        found = found.isPresent() ? found : known.find(id.strip());
        if (found.isEmpty() || id.isBlank()) {
            long left = IntStream.range(0, known.size())
                    .filter(n -> !known.id(n).isEmpty()) // a forgotten one has no id
                    .count();
            throw new LetheException(
                    LetheException.Code.STUDY,
                    which + " is not known, expected one of the " + left
                            + " ids of the data; they are compared letter by letter");
        }
        return found.getAsInt();
    }
}
