/** The packed half-open connections of one listener, by age: the ends of the queue as numbers of records, −1 for none. */
export class PackedQueue {
  oldest = -1;
  newest = -1;
  size = 0;
}
