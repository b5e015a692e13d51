import type { Lockdown } from "../sdk";
import { useNow } from "./hooks";
import { dateTime, sayReason, span, t, time } from "./i18n";
import { Icon } from "./icons";
import type { Store } from "./store";

/** Above the messages while moderators shield the room: how, why, and for how long. */
export function LockedDown({ store }: { store: Store }) {
  const { lockdown } = store.room.state;
  const until = lockdown ? Date.parse(lockdown.until) - store.chatd.clockOffset : 0;
  const now = useNow(until);
  const left = until - now;
  const what = lockdown && left > 0 ? words(lockdown) : "";
  // Read once, with the time of day: what counts down is for eyes only.
  return (
    <div class="lockdown-slot">
      <div class="sr-only" role="status">{what && `${what} ${t("until", { until: left < 43_200_000 ? time(until) : dateTime(until) })}`}</div>
      {what && (
        <div class="lockdown" aria-hidden="true">
          <Icon name="lock" />
          <span dir="auto">{what}</span>
          <span class="lockdown-left">{left < 3_600_000 ? t("ends_in", { wait: span(left) }) : t("until", { until: dateTime(until) })}</span>
        </div>
      )}
    </div>
  );
}

function words(l: Lockdown): string {
  const text = t(`lock_${l.level}`, { wait: span((l.seconds ?? 0) * 1000) });
  return l.reason ? `${text} ${sayReason(l.reason)}` : text;
}
